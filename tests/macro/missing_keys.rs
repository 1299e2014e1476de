// Nodes that lack what they need.
flow_macros::flow! {
    workflow orders {}

    flow { start -> charge -> tell }

    manual start
    http charge { timeout: 5s }
    mail tell { to: "ann@example.com" }
}

fn main() {}
