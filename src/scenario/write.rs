//! The types of [`super::file`] → text, through serde.
//!
//! Owns how a scenario that was made in code is written down: as a person would, without what has
//! its default anyway. Must not know any setting.
//!
//! The conventions are those of [`super::decode`], which reads it: the serde name of a struct and
//! the name of a struct variant are sections of `defaults.ron`, and a variant in parentheses, such
//! as `(text)`, is written without its name.
//!
//! Invariant: what is written is read as the same value. No number is left out: one that is not
//! finite is written too, as a word, and is told when that is read.

use std::fmt::{Display, Error};

use serde::ser::{
    Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, Serializer,
};

use super::defaults;

/// Longest line, in bytes, of what has parts; longer ones are broken between the parts.
const LINE: usize = 80;

/// The text of a value.
///
/// # Errors
/// Its type holds what the language of scenarios has no form for.
pub(super) fn written(value: &impl Serialize) -> Result<String, Error> {
    value.serialize(Writer)
}

/// The serializer of one value.
struct Writer;

/// A value with parts: those written so far.
struct Parts {
    /// The word before the bracket, if any, and the bracket.
    open: String,
    close: char,
    inside: Vec<String>,
    /// The section with the defaults of its settings.
    section: &'static str,
}

impl Parts {
    fn new(word: &str, open: char, close: char, section: &'static str) -> Parts {
        Parts { open: format!("{word}{open}"), close, inside: Vec::new(), section }
    }

    /// The settings of a struct.
    fn settings(word: &str, section: &'static str) -> Parts {
        Parts::new(word, '(', ')', section)
    }

    fn push(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        self.inside.push(value.serialize(Writer)?);
        Ok(())
    }

    /// Adds a setting, unless it has its default.
    fn setting(
        &mut self,
        key: &'static str,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), Error> {
        let value = value.serialize(Writer)?;
        if defaults::value_text(self.section, key) != Some(&value) {
            self.inside.push(format!("{key}: {value}"));
        }
        Ok(())
    }

    /// On one line, or a line for each part.
    fn whole(self) -> String {
        let Parts { open, close, inside, .. } = self;
        let line = format!("{open}{}{close}", inside.join(", "));
        if line.len() <= LINE && !line.contains('\n') || inside.is_empty() {
            return line;
        }
        let lines = inside.iter().map(|part| format!("    {},\n", part.replace('\n', "\n    ")));
        format!("{open}\n{}{close}", lines.collect::<String>())
    }
}

/// Whether a variant is written without its name.
fn is_bare(variant: &str) -> bool {
    variant.starts_with('(')
}

/// Types that no setting has.
macro_rules! no_setting_is {
    ($($method:ident($($of:ty),*);)*) => {
        $(fn $method(self, $(_: $of),*) -> Result<String, Error> {
            Err(Error)
        })*
    };
}

impl Serializer for Writer {
    type Ok = String;
    type Error = Error;
    type SerializeSeq = Parts;
    type SerializeTuple = Parts;
    type SerializeTupleStruct = Impossible<String, Error>;
    type SerializeTupleVariant = Impossible<String, Error>;
    type SerializeMap = Parts;
    type SerializeStruct = Parts;
    type SerializeStructVariant = Parts;

    no_setting_is! {
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_f32(f32);
        serialize_char(char);
        serialize_bytes(&[u8]);
        serialize_unit();
        serialize_unit_struct(&'static str);
    }

    fn serialize_bool(self, value: bool) -> Result<String, Error> {
        Ok(value.to_string())
    }

    fn serialize_u32(self, value: u32) -> Result<String, Error> {
        Ok(value.to_string())
    }

    fn serialize_u64(self, value: u64) -> Result<String, Error> {
        Ok(value.to_string())
    }

    /// As short as it can be read back: `1`, `0.5`, `1e300`.
    fn serialize_f64(self, value: f64) -> Result<String, Error> {
        let text = format!("{value:?}");
        Ok(text.strip_suffix(".0").unwrap_or(&text).to_owned())
    }

    fn serialize_str(self, text: &str) -> Result<String, Error> {
        Ok(format!("{text:?}"))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<String, Error> {
        self.serialize_str(&value.to_string())
    }

    fn serialize_none(self) -> Result<String, Error> {
        Ok("None".to_owned())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<String, Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<String, Error> {
        Ok(variant.to_owned())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<String, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<String, Error> {
        if is_bare(variant) {
            return value.serialize(self);
        }
        // What has defaults of its own is settings by name.
        if defaults::section(variant).is_some() {
            return Ok(format!("{variant}{}", value.serialize(self)?));
        }
        let mut parts = Parts::new(variant, '(', ')', variant);
        parts.push(value)?;
        Ok(parts.whole())
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Parts, Error> {
        Ok(Parts::new("", '[', ']', ""))
    }

    fn serialize_tuple(self, _length: usize) -> Result<Parts, Error> {
        Ok(Parts::new("", '(', ')', ""))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        Err(Error)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(Error)
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Parts, Error> {
        Ok(Parts::new("", '{', '}', ""))
    }

    fn serialize_struct(self, name: &'static str, _length: usize) -> Result<Parts, Error> {
        Ok(Parts::settings("", name))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Parts, Error> {
        Ok(if is_bare(variant) {
            Parts::settings("", name)
        } else {
            Parts::settings(variant, variant)
        })
    }
}

impl SerializeSeq for Parts {
    type Ok = String;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.push(value)
    }

    fn end(self) -> Result<String, Error> {
        Ok(self.whole())
    }
}

impl SerializeTuple for Parts {
    type Ok = String;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.push(value)
    }

    fn end(self) -> Result<String, Error> {
        Ok(self.whole())
    }
}

impl SerializeMap for Parts {
    type Ok = String;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.push(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self.inside.pop().ok_or(Error)?;
        self.inside.push(format!("{key}: {}", value.serialize(Writer)?));
        Ok(())
    }

    fn end(self) -> Result<String, Error> {
        Ok(self.whole())
    }
}

impl SerializeStruct for Parts {
    type Ok = String;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.setting(key, value)
    }

    fn end(self) -> Result<String, Error> {
        Ok(self.whole())
    }
}

impl SerializeStructVariant for Parts {
    type Ok = String;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.setting(key, value)
    }

    fn end(self) -> Result<String, Error> {
        Ok(self.whole())
    }
}
