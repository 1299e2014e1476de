//! What a value may carry: the places its content may come from, per field where that is known.
//!
//! Always true: a value never holds text from a place that is not listed. What is listed may be absent: every part is a
//! "may". What only depends on data (a comparison, a length, a position) carries nothing of it.

use super::place::{PlaceId, Places, Root};
use crate::source::Span;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// How a value holds what lies at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// A few characters of it.
    Masked,
    /// It is the value at that place: its fields are the place's fields.
    Is,
    /// Text or a number made from it.
    Text,
    /// Anything made from it.
    Made,
}

/// Not read by any expression yet.
pub const UNREAD: Span = Span { file: crate::source::FileId::WORKFLOW, start: 0, end: 0 };

/// One place of which a value may hold something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Atom {
    pub mode: Mode,
    /// The expression that reads it.
    pub read: Span,
    /// Fields that were replaced by something else, in order.
    pub without: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Carried {
    pub atoms: BTreeMap<PlaceId, Atom>,
    /// Of an object that was made here.
    pub fields: BTreeMap<String, Carried>,
    /// Of an array that was made here, or of an object whose keys are data.
    pub elements: Option<Box<Carried>>,
}

/// More than this in one value becomes less exact, so that no workflow takes long.
const PARTS_MAX: usize = 192;
const ATOMS_MAX: usize = 96;

impl Carried {
    pub fn place(id: PlaceId, mode: Mode, read: Span) -> Carried {
        let atom = Atom { mode, read, without: Vec::new() };
        Carried { atoms: BTreeMap::from([(id, atom)]), ..Carried::default() }
    }

    pub fn object(fields: impl IntoIterator<Item = (String, Carried)>) -> Carried {
        let mut object = Carried::default();
        for (name, value) in fields {
            object.fields.entry(name).or_default().join(value);
        }
        object
    }

    pub fn array(elements: Carried) -> Carried {
        Carried { elements: Some(Box::new(elements)), ..Carried::default() }
    }

    /// What no expression has read is read here.
    pub fn read_here(&mut self, span: Span) {
        for atom in self.atoms.values_mut().filter(|atom| atom.read == UNREAD) {
            atom.read = span;
        }
        for part in self.fields.values_mut().chain(self.elements.as_deref_mut()) {
            part.read_here(span);
        }
    }

    /// One or the other.
    pub fn join(&mut self, mut other: Carried) {
        if other.atoms.len() > self.atoms.len() {
            std::mem::swap(&mut self.atoms, &mut other.atoms);
        }
        for (id, atom) in other.atoms {
            join_atom(&mut self.atoms, id, atom);
        }
        if other.fields.len() > self.fields.len() {
            std::mem::swap(&mut self.fields, &mut other.fields);
        }
        for (name, value) in other.fields {
            self.fields.entry(name).or_default().join(value);
        }
        match (&mut self.elements, other.elements) {
            (Some(own), Some(other)) => own.join(*other),
            (own @ None, other) => *own = other,
            (Some(_), None) => {}
        }
    }

    pub fn or(mut self, other: Carried) -> Carried {
        self.join(other);
        self
    }

    pub fn all(values: impl IntoIterator<Item = Carried>) -> Carried {
        values.into_iter().fold(Carried::default(), Carried::or)
    }

    /// Every place in it, with how; whatever the structure.
    pub fn flat(self) -> BTreeMap<PlaceId, Atom> {
        let mut atoms = BTreeMap::new();
        let mut open = vec![self];
        while let Some(value) = open.pop() {
            if atoms.is_empty() {
                atoms = value.atoms;
            } else {
                for (id, atom) in value.atoms {
                    join_atom(&mut atoms, id, atom);
                }
            }
            open.extend(value.fields.into_values());
            open.extend(value.elements.map(|elements| *elements));
        }
        atoms
    }

    fn remade(self, mode: impl Fn(Mode) -> Mode) -> Carried {
        let mut atoms = self.flat();
        for atom in atoms.values_mut() {
            atom.mode = mode(atom.mode);
        }
        Carried { atoms, ..Carried::default() }
    }

    /// Text made of it.
    pub fn text(self) -> Carried {
        self.remade(|mode| if mode == Mode::Masked { Mode::Masked } else { Mode::Text })
    }

    /// Something made of it, nobody knows what.
    pub fn made(self) -> Carried {
        self.remade(|mode| if mode == Mode::Masked { Mode::Masked } else { Mode::Made })
    }

    /// A few characters, where it is one text; an array stays what it is.
    pub fn masked(mut self, places: &Places) -> Carried {
        for (id, atom) in &mut self.atoms {
            if atom.mode == Mode::Text || (atom.mode == Mode::Is && places.is_one_text(*id)) {
                atom.mode = Mode::Masked;
            }
        }
        self
    }

    /// `value.name`, which is read here.
    pub fn member(&self, places: &mut Places, name: &str, read: Option<Span>) -> Carried {
        let mut member = self.fields.get(name).cloned().unwrap_or_default();
        for (id, atom) in &self.atoms {
            match atom.mode {
                Mode::Is if atom.without.iter().any(|field| field == name) => {}
                Mode::Is if places.is_depth_max(*id) => join_atom(&mut member.atoms, *id, made(atom)),
                Mode::Is => {
                    let child = places.child(*id, name);
                    if let Some(read) = read {
                        places.read(child, read);
                    }
                    let atom = Atom { mode: Mode::Is, read: read.unwrap_or(atom.read), without: Vec::new() };
                    join_atom(&mut member.atoms, child, atom);
                }
                // The length of a text says nothing of it.
                Mode::Text | Mode::Masked if name == "length" => {}
                Mode::Text | Mode::Masked | Mode::Made => join_atom(&mut member.atoms, *id, atom.clone()),
            }
        }
        // `length` of an array is a number; other names are positions.
        if let Some(elements) = self.elements.as_ref().filter(|_| name != "length") {
            member.join((**elements).clone());
        }
        member
    }

    /// `value[…]`: an element, a field whose name is data, a character.
    pub fn element(&self, places: &mut Places) -> Carried {
        let mut element = self.elements.as_deref().cloned().unwrap_or_default();
        for value in self.fields.values() {
            element.join(value.clone());
        }
        for (id, atom) in &self.atoms {
            match atom.mode {
                Mode::Is if places.is_depth_max(*id) => join_atom(&mut element.atoms, *id, made(atom)),
                Mode::Is => {
                    let any = places.any(*id);
                    join_atom(&mut element.atoms, any, atom.clone());
                }
                Mode::Text | Mode::Masked | Mode::Made => join_atom(&mut element.atoms, *id, atom.clone()),
            }
        }
        element
    }

    /// `Object.keys(value)`: keys of data are data.
    pub fn keys(&self) -> Carried {
        Carried { atoms: self.atoms.clone(), ..Carried::default() }.text()
    }

    /// With these fields in place of its own.
    pub fn with_fields(mut self, fields: &BTreeMap<String, Carried>) -> Carried {
        for atom in self.atoms.values_mut().filter(|atom| atom.mode == Mode::Is) {
            atom.without.extend(fields.keys().cloned());
            atom.without.sort();
            atom.without.dedup();
        }
        self.fields.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
        self
    }

    /// Not larger than a workflow's author would write: less exact instead.
    pub fn bounded(self, places: &mut Places) -> Carried {
        if self.is_at_most(&mut PARTS_MAX.clone()) {
            return self;
        }
        let made = self.made();
        if made.atoms.len() <= ATOMS_MAX {
            return made;
        }
        let mut wide = Carried::default();
        for (id, atom) in made.atoms {
            let root = match places.root_of(id) {
                Root::Input => Root::Input,
                Root::Output(_) | Root::Outputs => Root::Outputs,
                Root::Variable(_) | Root::Variables => Root::Variables,
            };
            let root = places.root(root);
            join_atom(&mut wide.atoms, root, Atom { mode: Mode::Made, without: Vec::new(), ..atom });
        }
        wide
    }

    fn is_at_most(&self, left: &mut usize) -> bool {
        let size = 1 + self.atoms.len() + self.fields.len();
        let Some(rest) = left.checked_sub(size) else { return false };
        *left = rest;
        self.fields.values().chain(self.elements.as_deref()).all(|part| part.is_at_most(left))
    }
}

fn made(atom: &Atom) -> Atom {
    Atom { mode: Mode::Made, ..atom.clone() }
}

pub fn join_atom(atoms: &mut BTreeMap<PlaceId, Atom>, id: PlaceId, atom: Atom) {
    match atoms.entry(id) {
        Entry::Vacant(entry) => {
            entry.insert(atom);
        }
        Entry::Occupied(mut entry) => {
            let own = entry.get_mut();
            own.mode = match (own.mode, atom.mode) {
                (own, other) if own == other => own,
                (Mode::Text | Mode::Masked, Mode::Text | Mode::Masked) => Mode::Text,
                _ => Mode::Made,
            };
            own.read = own.read.min(atom.read);
            own.without.retain(|field| atom.without.contains(field));
        }
    }
}
