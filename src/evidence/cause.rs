//! The cause catalogue. Ids are stable: add to it, never rename.

use serde::{Deserialize, Serialize};

macro_rules! causes {
    ($($variant:ident $id:literal $title:literal,)*) => {
        /// Why something fails, by its stable id.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Cause {
            $(#[serde(rename = $id)] $variant,)*
        }

        impl Cause {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What a person would call it.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

causes! {
    OomKilled "oom-killed" "killed for lack of memory",
    HeapExhausted "heap-exhausted" "the runtime's own heap limit is used up",
    AppCrash "app-crash" "the program crashed by itself",
    Segfault "segfault" "the program touched memory it may not",
    Aborted "aborted" "the program aborted itself",
    Killed "killed" "killed from outside",
    SigtermIgnored "sigterm-ignored" "does not stop when asked and is killed",
    StoppedByOperator "stopped-by-operator" "somebody stopped it",
    CommandNotFound "command-not-found" "its command does not exist in the image",
    ExecPermission "exec-permission" "its command may not be executed",
    ExecFormatError "exec-format-error" "its command is not a program for this machine",
    DependencyMissing "dependency-missing" "a module or library is missing",
    ExitsImmediately "exits-immediately" "ends at once without an error",
    MissingEnv "missing-env" "an environment variable is missing",
    ConfigInvalid "config-invalid" "its configuration is wrong",
    MissingFile "missing-file" "a file it needs is missing",
    EnvFileMissing "env-file-missing" "its env file is missing",
    PortConflict "port-conflict" "its port is already in use",
    DnsFailure "dns-failure" "a host name does not resolve",
    LocalhostMisuse "localhost-misuse" "localhost is used where a service name is needed",
    NetworkIsolated "network-isolated" "two services share no network",
    ConnectionRefused "connection-refused" "a connection is refused",
    ConnectionTimeout "connection-timeout" "a connection is not answered",
    SubnetOverlap "subnet-overlap" "two networks overlap",
    TlsError "tls-error" "a TLS connection cannot be made",
    DependencyDown "dependency-down" "a service it needs is down",
    DependencyNotReady "dependency-not-ready" "a service it needs was not ready",
    AuthFailed "auth-failed" "its credentials are refused",
    ConnectionsExhausted "connections-exhausted" "no connection is left",
    SchemaMissing "schema-missing" "a table or column is missing",
    DatabaseMissing "database-missing" "the database does not exist",
    ConsumerLag "consumer-lag" "a consumer lags behind",
    LockContention "lock-contention" "it waits for a lock",
    RateLimited "rate-limited" "it is rate limited",
    HealthcheckToolMissing "healthcheck-tool-missing" "the health check's tool is not in the image",
    HealthcheckWrongTarget "healthcheck-wrong-target" "the health check asks the wrong place",
    HealthcheckTimeout "healthcheck-timeout" "the health check takes too long",
    HealthcheckStartPeriod "healthcheck-start-period" "the health check starts too early",
    VolumePermission "volume-permission" "it may not write to a volume",
    MountMissing "mount-missing" "a mount is missing",
    ReadOnlyFilesystem "read-only-filesystem" "it writes to a read-only file system",
    DiskFull "disk-full" "no space is left",
    InodesFull "inodes-full" "no inode is left",
    CpuThrottled "cpu-throttled" "its cpu quota holds it back",
    MemoryPressure "memory-pressure" "it is close to its memory limit",
    FdExhausted "fd-exhausted" "it has too many open files",
    PidsExhausted "pids-exhausted" "it may start no more processes",
    ImageNotFound "image-not-found" "its image does not exist",
    ImagePullDenied "image-pull-denied" "its image may not be pulled",
    ImagePullTimeout "image-pull-timeout" "its image could not be pulled in time",
    ImagePlatformMismatch "image-platform-mismatch" "its image is for another platform",
    BuildFailed "build-failed" "its image could not be built",
    EngineUnreachable "engine-unreachable" "the container engine does not answer",
    HostUnreachable "host-unreachable" "the host does not answer",
    HostMemoryExhausted "host-memory-exhausted" "the host is out of memory",
    ClockSkew "clock-skew" "clocks disagree",
    Unschedulable "unschedulable" "no node can take the pod",
    Evicted "evicted" "the pod was evicted",
    ConfigMissing "config-missing" "a config map or secret is missing",
    RbacDenied "rbac-denied" "the service account may not do this",
    VolumeUnbound "volume-unbound" "its volume claim is unbound",
    ServiceNoEndpoints "service-no-endpoints" "the service has no endpoints",
    IngressMisrouted "ingress-misrouted" "the ingress leads nowhere",
    None "none" "nothing is wrong",
    Inconclusive "inconclusive" "the evidence does not decide",
}
