// A workflow that another macro writes stands in no file.
macro_rules! workflow {
    ($name:ident) => {
        flow_macros::flow! {
            workflow $name {}
            flow { start -> charge }
            manual start
            http charge { POST "https://pay.example/charge" }
        }
    };
}

workflow!(orders);

fn main() {}
