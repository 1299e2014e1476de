//! What the operating system says of this process, under the names every Prometheus client uses.
//!
//! Comes in: /proc. Goes out: numbers; what cannot be read (on other systems, in a locked-down container) is left out.

use std::fs;

pub struct Process {
    /// User and system time.
    pub cpu_seconds: Option<f64>,
    pub resident_bytes: Option<u64>,
    pub virtual_bytes: Option<u64>,
    pub open_fds: Option<u64>,
    pub max_fds: Option<u64>,
}

impl Process {
    pub fn read() -> Process {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let kilobytes = |name: &str| Some(field(&status, name)?.parse::<u64>().ok()? * 1024);
        Process {
            cpu_seconds: fs::read_to_string("/proc/self/stat").ok().and_then(|stat| cpu_seconds(&stat)),
            resident_bytes: kilobytes("VmRSS:"),
            virtual_bytes: kilobytes("VmSize:"),
            // The folder that is being read is open too.
            open_fds: fs::read_dir("/proc/self/fd").ok().map(|files| (files.count() as u64).saturating_sub(1)),
            max_fds: descriptors_max(),
        }
    }
}

/// How many files this process may have open. `None`: as many as it likes, or unknown.
pub fn descriptors_max() -> Option<u64> {
    max_fds(&fs::read_to_string("/proc/self/limits").ok()?)
}

/// The first word behind a name.
fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    // The name of the program, in parentheses, may hold anything.
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
    let (user, system) = (fields.next()?.parse::<u64>().ok()?, fields.next()?.parse::<u64>().ok()?);
    // USER_HZ, which is 100 wherever Linux runs.
    Some((user + system) as f64 / 100.0)
}

fn max_fds(limits: &str) -> Option<u64> {
    field(limits, "Max open files")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_is_understood() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 99 1000 200";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        let limits = "Limit      Soft Limit  Hard Limit  Units\nMax open files            1024                 4096                 files\n";
        assert_eq!(max_fds(limits), Some(1024));
        assert_eq!(max_fds("Max open files            unlimited            unlimited            files\n"), None);
        assert_eq!(field("VmRSS:\t  12 kB\n", "VmRSS:"), Some("12"));
    }
}
