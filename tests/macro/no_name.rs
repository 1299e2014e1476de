// A workflow without a name has no module.
flow_macros::flow! {
    flow { start -> charge }

    manual start
    http charge { POST "https://pay.example/charge" }
}

fn main() {}
