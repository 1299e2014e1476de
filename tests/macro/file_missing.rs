// A file that does not exist.
flow_macros::flow!(file = "nowhere.flow");

fn main() {
    // What uses it is not complained about as well.
    let _ = nowhere::Workflow::builder();
}
