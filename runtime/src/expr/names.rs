//! The methods and globals by name: what the compiler looks up, and how many arguments each takes.

/// Any number of arguments.
const MANY: usize = usize::MAX;

macro_rules! methods {
    ($(#[$doc:meta])* $enum:ident { $($variant:ident $name:literal $min:literal $max:expr),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $enum { $($variant),* }

        impl $enum {
            pub const ALL: &'static [$enum] = &[$($enum::$variant),*];

            pub fn from_name(name: &str) -> Option<$enum> {
                match name { $($name => Some($enum::$variant),)* _ => None }
            }

            /// As it is written in a workflow; for a global, with its dots.
            pub fn name(self) -> &'static str {
                match self { $($enum::$variant => $name),* }
            }

            /// The fewest arguments that make sense and the most that are looked at; `usize::MAX`: any number.
            pub fn arity(self) -> (usize, usize) {
                match self { $($enum::$variant => ($min, $max)),* }
            }
        }
    };
}

methods! {
    /// A method of a string, an array or a number that takes values.
    Method {
        At "at" 1 1,
        CharAt "charAt" 1 1,
        Concat "concat" 0 MANY,
        EndsWith "endsWith" 1 2,
        Flat "flat" 0 1,
        Includes "includes" 1 2,
        IndexOf "indexOf" 1 2,
        Join "join" 0 1,
        LastIndexOf "lastIndexOf" 1 2,
        PadEnd "padEnd" 1 2,
        PadStart "padStart" 1 2,
        Repeat "repeat" 1 1,
        Replace "replace" 2 2,
        ReplaceAll "replaceAll" 2 2,
        Reverse "reverse" 0 0,
        Slice "slice" 0 2,
        Sort "sort" 0 0,
        Split "split" 0 2,
        StartsWith "startsWith" 1 2,
        Substring "substring" 1 2,
        ToFixed "toFixed" 0 1,
        ToLowerCase "toLowerCase" 0 0,
        ToString "toString" 0 1,
        ToUpperCase "toUpperCase" 0 0,
        Trim "trim" 0 0,
        TrimEnd "trimEnd" 0 0,
        TrimStart "trimStart" 0 0,
    }
}

methods! {
    /// A method of an array that calls an arrow with each element. (`reduce` and `sort` with an arrow have functions of
    /// their own: [`super::reduce`], [`super::sort_by`].)
    EachMethod {
        Every "every" 1 1,
        Filter "filter" 1 1,
        Find "find" 1 1,
        FindIndex "findIndex" 1 1,
        FlatMap "flatMap" 1 1,
        Map "map" 1 1,
        Some "some" 1 1,
    }
}

methods! {
    /// A global function.
    Global {
        Boolean "Boolean" 0 1,
        Number "Number" 0 1,
        String "String" 0 1,
        JsonParse "JSON.parse" 1 1,
        JsonStringify "JSON.stringify" 1 3,
        ObjectEntries "Object.entries" 1 1,
        ObjectKeys "Object.keys" 1 1,
        ObjectValues "Object.values" 1 1,
        Abs "Math.abs" 1 1,
        Acos "Math.acos" 1 1,
        Acosh "Math.acosh" 1 1,
        Asin "Math.asin" 1 1,
        Asinh "Math.asinh" 1 1,
        Atan "Math.atan" 1 1,
        Atan2 "Math.atan2" 2 2,
        Atanh "Math.atanh" 1 1,
        Cbrt "Math.cbrt" 1 1,
        Ceil "Math.ceil" 1 1,
        Clz32 "Math.clz32" 1 1,
        Cos "Math.cos" 1 1,
        Cosh "Math.cosh" 1 1,
        Exp "Math.exp" 1 1,
        Expm1 "Math.expm1" 1 1,
        Floor "Math.floor" 1 1,
        Fround "Math.fround" 1 1,
        Hypot "Math.hypot" 0 MANY,
        Imul "Math.imul" 2 2,
        Log "Math.log" 1 1,
        Log10 "Math.log10" 1 1,
        Log1p "Math.log1p" 1 1,
        Log2 "Math.log2" 1 1,
        Max "Math.max" 0 MANY,
        Min "Math.min" 0 MANY,
        Pow "Math.pow" 2 2,
        Round "Math.round" 1 1,
        Sign "Math.sign" 1 1,
        Sin "Math.sin" 1 1,
        Sinh "Math.sinh" 1 1,
        Sqrt "Math.sqrt" 1 1,
        Tan "Math.tan" 1 1,
        Tanh "Math.tanh" 1 1,
        Trunc "Math.trunc" 1 1,
    }
}

impl Global {
    /// From the names between the dots: `["Math", "max"]`.
    pub fn from_path(path: &[&str]) -> Option<Global> {
        Global::from_name(&path.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_themselves() {
        assert!(Method::ALL.iter().all(|method| Method::from_name(method.name()) == Some(*method)));
        assert!(EachMethod::ALL.iter().all(|method| EachMethod::from_name(method.name()) == Some(*method)));
        for global in Global::ALL {
            let path: Vec<&str> = global.name().split('.').collect();
            assert_eq!(Global::from_path(&path), Some(*global));
        }
    }

    #[test]
    fn what_is_no_name_is_none() {
        assert_eq!(Global::from_path(&["Math", "random"]), None);
        assert_eq!(Global::from_path(&["Math"]), None);
        assert_eq!(Method::from_name("constructor"), None);
    }
}
