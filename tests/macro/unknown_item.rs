// A misspelt kind of node; the rest is read all the same.
flow_macros::flow! {
    workflow orders {}

    flow { start -> charge -> tell }

    manual start
    htpp charge { POST "https://pay.example/charge" }
    email tell { to: "ann@example.com" }
}

fn main() {}
