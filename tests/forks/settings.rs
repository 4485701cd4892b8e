//! Every setting that a scenario's file may have, as its types tell.
//!
//! Owns the walk through them. Must not know any setting, nor what a fork makes of it.
//!
//! A type tells a deserializer which fields it has, or which forms. This one answers with one of
//! them, and is then asked about what is inside; no value is ever made.

use std::cell::Cell;

use serde::Deserializer;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

/// Types that count as one value, whatever they are made of: a distribution is drawn from, and none
/// of its forms is more to a fork than another.
const VALUES: [&str; 1] = ["distribution"];

/// The settings of a file: `limits.events`, `queues.*.ledger.split:Reservoir.hold`. A `*` stands
/// for any name, what follows a colon is a form of several, as they are told to serde. Where each
/// form is a bare word, they are one setting.
pub(crate) fn of_file<File: DeserializeOwned>() -> Vec<String> {
    let mut found = Vec::new();
    Walk { found: &mut found, steps: Vec::new(), kinds: Vec::new() }.go::<File>(String::new());
    found
}

/// One step from a type to one inside it.
#[derive(Clone, Copy, Debug)]
enum Step {
    Field(&'static str),
    Form(&'static str),
    Entry,
}

/// What a type is.
#[derive(Clone, Copy, Debug)]
enum Part {
    Settings(&'static [&'static str]),
    /// Its name, and its forms.
    Forms(&'static str, &'static [&'static str]),
    /// Something for each of many names.
    Names,
    Word,
    Value,
}

struct Walk<'f> {
    found: &'f mut Vec<String>,
    steps: Vec<Step>,
    /// The types with forms on the way, as arrivals are made of arrivals.
    kinds: Vec<&'static str>,
}

impl Walk<'_> {
    fn go<File: DeserializeOwned>(&mut self, path: String) {
        match self.look::<File>() {
            Part::Settings(names) => {
                let dot = if path.is_empty() { "" } else { "." };
                for name in names {
                    self.step::<File>(Step::Field(name), format!("{path}{dot}{name}"));
                }
            }
            Part::Names => self.step::<File>(Step::Entry, format!("{path}.*")),
            Part::Forms(kind, forms) if !VALUES.contains(&kind) && !self.kinds.contains(&kind) => {
                self.kinds.push(kind);
                if forms.iter().all(|form| self.is_word::<File>(form)) {
                    self.found.push(path);
                } else {
                    for form in forms {
                        self.step::<File>(Step::Form(form), format!("{path}:{form}"));
                    }
                }
                self.kinds.pop();
            }
            Part::Forms(..) | Part::Word | Part::Value => self.found.push(path),
        }
    }

    fn step<File: DeserializeOwned>(&mut self, step: Step, path: String) {
        self.steps.push(step);
        self.go::<File>(path);
        self.steps.pop();
    }

    fn is_word<File: DeserializeOwned>(&mut self, form: &'static str) -> bool {
        self.steps.push(Step::Form(form));
        let is_word = matches!(self.look::<File>(), Part::Word);
        self.steps.pop();
        is_word
    }

    /// What stands where the steps lead.
    fn look<File: DeserializeOwned>(&self) -> Part {
        let seen = Cell::new(None);
        let _ = File::deserialize(Look { steps: &self.steps, seen: &seen });
        seen.take().unwrap_or_else(|| panic!("{:?} leads nowhere", self.steps))
    }
}

/// The deserializer of what the steps lead to.
#[derive(Clone, Copy)]
struct Look<'s> {
    steps: &'s [Step],
    seen: &'s Cell<Option<Part>>,
}

impl<'s> Look<'s> {
    fn see<T>(self, part: Part) -> Result<T, Error> {
        self.seen.set(Some(part));
        Err(Error::custom("there is nothing to read"))
    }

    fn behind(self) -> Look<'s> {
        Look { steps: &self.steps[1..], ..self }
    }

    fn fields<'de, V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.steps.first() {
            Some(&Step::Field(field)) => visitor.visit_map(One(Some(field), self.behind())),
            _ => self.see(Part::Settings(fields)),
        }
    }
}

impl<'de> Deserializer<'de> for Look<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        self.see(Part::Value)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(One(None, self))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.steps.first() {
            Some(Step::Entry) => visitor.visit_map(One(Some("name"), self.behind())),
            _ => self.see(Part::Names),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.fields(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        forms: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.steps.first() {
            Some(&Step::Form(form)) => visitor.visit_enum(One(Some(form), self.behind())),
            _ => self.see(Part::Forms(name, forms)),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// The only field, form, entry or element that is told, with its name if it has one.
struct One<'s>(Option<&'static str>, Look<'s>);

fn named(name: &'static str) -> StrDeserializer<'static, Error> {
    name.into_deserializer()
}

impl<'de> MapAccess<'de> for One<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        key: K,
    ) -> Result<Option<K::Value>, Error> {
        self.0.take().map(|name| key.deserialize(named(name))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, value: V) -> Result<V::Value, Error> {
        value.deserialize(self.1)
    }
}

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        element: T,
    ) -> Result<Option<T::Value>, Error> {
        element.deserialize(self.1).map(Some)
    }
}

impl<'de, 's> EnumAccess<'de> for One<'s> {
    type Error = Error;
    type Variant = Look<'s>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, form: V) -> Result<(V::Value, Look<'s>), Error> {
        let name = self.0.ok_or_else(|| Error::custom("a form has a name"))?;
        Ok((form.deserialize(named(name))?, self.1))
    }
}

impl<'de> VariantAccess<'de> for Look<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        self.see(Part::Word)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, inner: T) -> Result<T::Value, Error> {
        inner.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        self.see(Part::Value)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.fields(fields, visitor)
    }
}
