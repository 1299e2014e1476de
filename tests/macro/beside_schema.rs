// What is wrong in a file beside the workflow stands where the workflow names the file.
flow_macros::flow! {
    workflow orders {}

    flow { start -> call }

    manual start { input_schema: { $ref: "wrong.schema.json" } }
    http call { GET "https://shop.example/" }
}

fn main() {}
