use std::process::ExitCode;

fn main() -> ExitCode {
    flow_compiler::cli::run()
}
