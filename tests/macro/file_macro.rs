// The name of a file that a macro would have to make, and one behind the wrong sign.
mod a {
    flow_macros::flow!(file = concat!("right", ".flow"));
}
mod b {
    flow_macros::flow!(file: "right.flow");
}

fn main() {}
