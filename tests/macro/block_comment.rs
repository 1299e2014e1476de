// Block comments are no comments of a workflow.
flow_macros::flow! {
    workflow orders { timeout: 1m }

    /* What starts it:
       nothing. */
    flow { start -> call }

    manual start
    http call { GET "https://shop.example/" }
}

fn main() {}
