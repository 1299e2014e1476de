// Mistakes in a .flow file: each at the name of the file, with the lines of the file.
flow_macros::flow!(file = "wrong.flow");

fn main() {}
