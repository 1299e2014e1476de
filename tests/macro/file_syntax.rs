// Files that cannot be read as what their names say.
flow_macros::flow!(file = "broken.json");
flow_macros::flow!(file = "unreadable.flow");

fn main() {}
