// Mistakes in a .json file.
flow_macros::flow!(file = "wrong.json");

fn main() {}
