//! A report as it is kept: what lists are made of beside it, and all of it.

use super::Report;
use crate::store::ReportRecord;

impl From<&Report> for ReportRecord {
    fn from(report: &Report) -> Self {
        Self {
            id: report.id.clone(),
            created_ms: report.created_at.as_millisecond(),
            host: report.host.to_string(),
            project: report.project.to_string(),
            service: report.root_cause.service.to_string(),
            cause: report.root_cause.cause.id().to_owned(),
            confidence: report.root_cause.confidence.word().to_owned(),
            issue: report.issue.to_string(),
            summary: report.root_cause.summary.to_string(),
            body_json: serde_json::to_string(report).unwrap_or_default(),
        }
    }
}
