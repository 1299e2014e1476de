//! Reduced ordered decision diagrams over variables with any number of values.
//!
//! Comes in: variables with their numbers of values, in the order in which they are asked (the first is asked first).
//! Goes out: formulas over them, each in one canonical form: two formulas mean the same exactly when they are the same [`Ref`].
//! Always true: a formula and its opposite share their nodes (the last bit of a `Ref` says which of the two is meant), so
//! that negation costs nothing; the first child of a node is never negated, which makes that canonical. No operation
//! recurses on the machine's stack. Work is bounded: beyond [`Diagrams::gave_up`] answers mean nothing.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ref(u32);

/// A variable: its place in the order.
pub type Var = u32;

pub const TRUE: Ref = Ref(0);
pub const FALSE: Ref = Ref(1);

/// Children of all nodes together, and steps: what a workflow that no person wrote may cost.
const CHILDREN_MAX: usize = 4_000_000;
const STEPS_MAX: usize = 2_000_000;

impl Ref {
    fn index(self) -> usize {
        (self.0 >> 1) as usize
    }

    fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }

    fn negated_if(self, negated: bool) -> Ref {
        Ref(self.0 ^ u32::from(negated))
    }
}

impl std::ops::Not for Ref {
    type Output = Ref;

    fn not(self) -> Ref {
        Ref(self.0 ^ 1)
    }
}

/// All formulas of one analysis.
pub struct Diagrams {
    /// The number of values of each variable.
    values: Vec<u32>,
    nodes: Vec<Node>,
    children: Vec<Ref>,
    /// Nodes by their hash: open addressing, 0 is free.
    unique: Vec<u32>,
    memo: HashMap<(Ref, Ref), Ref, BuildHasherDefault<Mixer>>,
    steps_left: usize,
    gave_up: bool,
}

#[derive(Clone, Copy)]
struct Node {
    var: Var,
    first: u32,
}

/// One step of [`Diagrams::and`] whose children are being computed.
struct Frame {
    left: Ref,
    right: Ref,
    var: Var,
    /// Where the results for its children begin.
    base: usize,
}

impl Diagrams {
    pub fn new(values: Vec<u32>) -> Diagrams {
        Diagrams {
            values,
            nodes: vec![Node { var: Var::MAX, first: 0 }],
            children: Vec::new(),
            unique: vec![0; 1 << 10],
            memo: HashMap::default(),
            steps_left: STEPS_MAX,
            gave_up: false,
        }
    }

    /// Whether there was too much to compute. Then no answer means anything.
    pub fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// From outside: there is too much to look at.
    pub fn give_up(&mut self) {
        self.gave_up = true;
    }

    /// How many nodes there are: what it cost.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The variable has one of the values for which `holds` is true.
    pub fn test(&mut self, var: Var, mut holds: impl FnMut(u32) -> bool) -> Ref {
        let children: Vec<Ref> =
            (0..self.values[var as usize]).map(|value| if holds(value) { TRUE } else { FALSE }).collect();
        self.node(var, &children)
    }

    pub fn and(&mut self, left: Ref, right: Ref) -> Ref {
        if let Some(known) = self.known(left, right) {
            return known;
        }
        let mut results: Vec<Ref> = Vec::new();
        let mut frames = vec![self.frame(left, right, 0)];
        while let Some(frame) = frames.last() {
            let (left, right, var, base) = (frame.left, frame.right, frame.var, frame.base);
            let value = results.len() - base;
            if value < self.values[var as usize] as usize {
                let (left, right) = (self.child(left, var, value), self.child(right, var, value));
                match self.known(left, right) {
                    Some(known) => results.push(known),
                    None => frames.push(self.frame(left, right, results.len())),
                }
                continue;
            }
            let result = self.node(var, &results[base..]);
            self.memo.insert((left.min(right), left.max(right)), result);
            results.truncate(base);
            results.push(result);
            frames.pop();
            if self.steps_left == 0 || self.children.len() > CHILDREN_MAX {
                self.gave_up = true;
                return FALSE;
            }
            self.steps_left -= 1;
        }
        results[0]
    }

    pub fn or(&mut self, left: Ref, right: Ref) -> Ref {
        !self.and(!left, !right)
    }

    pub fn ite(&mut self, test: Ref, yes: Ref, no: Ref) -> Ref {
        let yes = self.and(test, yes);
        let no = self.and(!test, no);
        self.or(yes, no)
    }

    /// The first variable a formula asks; `None` for a constant.
    pub fn top(&self, formula: Ref) -> Option<Var> {
        Some(self.nodes[formula.index()].var).filter(|var| *var != Var::MAX)
    }

    /// Values of the variables a formula asks that make it true, each the first possible one in the order of `preferred`.
    /// The formula must not be [`FALSE`].
    pub fn example(&self, formula: Ref, mut preferred: impl FnMut(Var, u32) -> u32) -> Vec<(Var, u32)> {
        let mut example = Vec::new();
        let mut at = formula;
        while let Some(var) = self.top(at) {
            let possible = (0..self.values[var as usize]).filter(|value| self.child(at, var, *value as usize) != FALSE);
            let Some(value) = possible.min_by_key(|value| preferred(var, *value)) else { break };
            example.push((var, value));
            at = self.child(at, var, value as usize);
        }
        example
    }

    /// What a formula says when every variable has a value.
    pub fn holds(&self, formula: Ref, values: &[u32]) -> bool {
        let mut at = formula;
        while let Some(var) = self.top(at) {
            at = self.child(at, var, values[var as usize] as usize);
        }
        at == TRUE
    }

    /// The variables a formula depends on, in their order.
    pub fn support(&self, formula: Ref) -> Vec<Var> {
        let mut seen = std::collections::BTreeSet::new();
        let mut vars = std::collections::BTreeSet::new();
        let mut open = vec![formula.index()];
        while let Some(index) = open.pop() {
            let node = self.nodes[index];
            if node.var == Var::MAX || !seen.insert(index) {
                continue;
            }
            vars.insert(node.var);
            let children = &self.children[node.first as usize..][..self.values[node.var as usize] as usize];
            open.extend(children.iter().map(|child| child.index()));
        }
        vars.into_iter().collect()
    }

    /// What is left of a formula when a variable has a value, for a variable at its top or above.
    fn child(&self, formula: Ref, var: Var, value: usize) -> Ref {
        let node = self.nodes[formula.index()];
        if node.var != var {
            return formula;
        }
        self.children[node.first as usize + value].negated_if(formula.is_negated())
    }

    fn frame(&self, left: Ref, right: Ref, base: usize) -> Frame {
        let var = self.nodes[left.index()].var.min(self.nodes[right.index()].var);
        Frame { left, right, var, base }
    }

    /// The conjunction where it takes no work.
    fn known(&self, left: Ref, right: Ref) -> Option<Ref> {
        if left == FALSE || right == FALSE || left == !right {
            return Some(FALSE);
        }
        if left == TRUE || left == right {
            return Some(right);
        }
        if right == TRUE {
            return Some(left);
        }
        self.memo.get(&(left.min(right), left.max(right))).copied()
    }

    /// The node with these children, which is made only once.
    fn node(&mut self, var: Var, children: &[Ref]) -> Ref {
        if children.iter().all(|child| *child == children[0]) {
            return children[0];
        }
        let negated = children[0].is_negated();
        let hash = hash(var, children.iter().map(|child| child.negated_if(negated)));
        let mut slot = hash as usize & (self.unique.len() - 1);
        while self.unique[slot] != 0 {
            let index = self.unique[slot];
            let node = self.nodes[index as usize];
            let have = &self.children[node.first as usize..][..self.values[node.var as usize] as usize];
            if node.var == var && have.iter().zip(children).all(|(have, child)| *have == child.negated_if(negated)) {
                return Ref(index << 1).negated_if(negated);
            }
            slot = (slot + 1) & (self.unique.len() - 1);
        }
        let index = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.unique[slot] = index;
        let first = u32::try_from(self.children.len()).unwrap_or(u32::MAX);
        self.nodes.push(Node { var, first });
        self.children.extend(children.iter().map(|child| child.negated_if(negated)));
        if self.nodes.len() * 2 > self.unique.len() {
            self.grow();
        }
        Ref(index << 1).negated_if(negated)
    }

    fn grow(&mut self) {
        self.unique = vec![0; self.unique.len() * 4];
        for (index, node) in self.nodes.iter().enumerate().skip(1) {
            let children = &self.children[node.first as usize..][..self.values[node.var as usize] as usize];
            let mut slot = hash(node.var, children.iter().copied()) as usize & (self.unique.len() - 1);
            while self.unique[slot] != 0 {
                slot = (slot + 1) & (self.unique.len() - 1);
            }
            self.unique[slot] = u32::try_from(index).unwrap_or(u32::MAX);
        }
    }
}

fn hash(var: Var, children: impl Iterator<Item = Ref>) -> u64 {
    let mut mixer = Mixer::default();
    mixer.write_u32(var);
    children.for_each(|child| mixer.write_u32(child.0));
    mixer.finish()
}

/// A fast hash for small numbers. Nobody outside chooses them, so it need not resist an attack.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(number)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every combination of values, and what a formula says about it.
    fn table(diagrams: &Diagrams, formula: Ref) -> Vec<bool> {
        let mut rows = vec![formula];
        for var in 0..diagrams.values.len() {
            let values = diagrams.values[var] as usize;
            rows = rows
                .iter()
                .flat_map(|row| (0..values).map(|value| diagrams.child(*row, var as Var, value)).collect::<Vec<_>>())
                .collect();
        }
        rows.iter().map(|row| *row == TRUE).collect()
    }

    #[test]
    fn operations_are_those_of_their_truth_tables() {
        let mut diagrams = Diagrams::new(vec![2, 3, 2, 4]);
        let mut formulas = vec![TRUE, FALSE];
        let mut seed = 7_u64;
        let mut random = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below
        };
        for _ in 0..400 {
            let bits = random(256);
            let var = random(4) as Var;
            let test = diagrams.test(var, |value| bits & (1 << value) != 0);
            let [left, right] = [0; 2].map(|_| formulas[random(formulas.len())]);
            let all = |formula| table(&diagrams, formula);
            let (tests, lefts, rights) = (all(test), all(left), all(right));
            let zip = |f: &dyn Fn(bool, bool, bool) -> bool| -> Vec<bool> {
                (0..tests.len()).map(|row| f(tests[row], lefts[row], rights[row])).collect()
            };
            let expected = [zip(&|_, l, r| l && r), zip(&|_, l, r| l || r), zip(&|t, l, r| if t { l } else { r })];
            let found = [diagrams.and(left, right), diagrams.or(left, right), diagrams.ite(test, left, right)];
            for (found, expected) in found.into_iter().zip(expected) {
                assert_eq!(table(&diagrams, found), expected);
                assert_eq!(table(&diagrams, !found), expected.iter().map(|bit| !bit).collect::<Vec<_>>());
                // Canonical: the same table is the same formula.
                let same = formulas.iter().find(|formula| table(&diagrams, **formula) == expected);
                assert!(same.is_none_or(|same| *same == found));
                formulas.push(found);
            }
        }
    }

    #[test]
    fn an_example_makes_the_formula_true() {
        let mut diagrams = Diagrams::new(vec![3; 3]);
        let [a, b, c] = [0, 1, 2].map(|var| diagrams.test(var, |value| value == var));
        let both = diagrams.and(!a, b);
        let formula = diagrams.or(both, c);
        assert_eq!(diagrams.example(formula, |_, value| value), [(0, 0), (2, 2)]);
        assert_eq!(diagrams.example(formula, |_, value| 2 - value), [(0, 2), (1, 2), (2, 2)]);
        assert_eq!(diagrams.support(formula), [0, 1, 2]);
        assert_eq!(diagrams.support(!both), [0, 1]);
    }

    #[test]
    fn a_chain_is_linear_and_does_not_recurse() {
        let length = 100_000;
        let mut diagrams = Diagrams::new(vec![2; length]);
        let mut all = TRUE;
        for var in (0..length as Var).rev() {
            let test = diagrams.test(var, |value| value == 0);
            all = diagrams.and(all, test);
        }
        assert!(diagrams.len() < 3 * length);
        let last = diagrams.test(length as Var - 1, |value| value == 1);
        assert_eq!(diagrams.and(all, last), FALSE);
        assert!(!diagrams.gave_up());
    }

    #[test]
    fn what_cannot_be_computed_is_given_up() {
        // Pairs of equal variables, the partners as far apart as possible: exponential in this order.
        let pairs = 40;
        let mut diagrams = Diagrams::new(vec![2; 2 * pairs]);
        diagrams.steps_left = 100_000;
        let mut all = TRUE;
        for pair in 0..pairs as Var {
            let [left, right] = [pair, pair + pairs as Var].map(|var| diagrams.test(var, |value| value == 1));
            let same = diagrams.ite(left, right, !right);
            all = diagrams.and(all, same);
        }
        assert!(diagrams.gave_up());
    }
}
