// A misspelt key of a node, and one of the workflow's settings.
flow_macros::flow! {
    workflow orders { retrys: 3 }

    flow { start -> charge }

    manual start
    http charge {
        POST "https://pay.example/charge"
        timout: 30s
    }
}

fn main() {}
