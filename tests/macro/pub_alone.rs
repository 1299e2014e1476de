// `pub` says who may use a module, so a module has to follow.
flow_macros::flow! {
    pub workflow orders {}
}

fn main() {}
