// What other languages write between entries.
flow_macros::flow! {
    workflow orders { version = "1.0.0" }

    flow { start -> charge }

    manual start;
    http charge {
        POST "https://pay.example/charge"
        timeout: 10s;
        body: { ...order, amount: total }
    }
}

fn main() {}
