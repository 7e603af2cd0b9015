//! What a run says of itself once, for whoever follows it: its title, its steps, its gates, who
//! asked, and where to read more.

use crate::action::Action;
use crate::bot::{Context, Undertaking};
use crate::run::{Plan, PlannedStep};
use crate::say;
use crate::text::{Clean, Name};

/// Who asked for a run, which may not be who lets it go.
async fn asked_by(context: &Context<'_>, id: &str) -> Clean {
    let asked = match context.bot.store.get().await {
        Ok(store) => store.run(id).await.ok().map(|run| run.requested_by),
        Err(_) => None,
    };
    asked.map_or_else(
        || say!("{}", context.caller),
        |asked| Name::new(&asked).into(),
    )
}

pub(super) async fn undertaking(context: &Context<'_>, id: &str, plan: &Plan) -> Undertaking {
    let is_gate = |step: &&PlannedStep| matches!(step.action, Action::Gate { .. });
    Undertaking {
        run: Name::new(id),
        title: plan.title.clone(),
        steps: plan.steps().map(|step| step.says.clone()).collect(),
        gates: plan
            .all_steps()
            .filter(is_gate)
            .map(|step| step.says.clone())
            .collect(),
        logs: logs_line(plan),
        asked_by: asked_by(context, id).await,
    }
}

/// More services than these are a log that nobody reads.
const LOGGED: usize = 8;

fn logs_line(plan: &Plan) -> Clean {
    let services = plan.services.iter().take(LOGGED);
    let targets: Vec<Clean> = services
        .map(|service| say!("{}:{}", plan.host, service))
        .collect();
    if targets.is_empty() {
        return Clean::default();
    }
    say!("logs {} --since 10m", Clean::join(&targets, " "))
}
