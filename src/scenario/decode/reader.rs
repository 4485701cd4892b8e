//! The serde deserializer of one node.
//!
//! Owns which kind of node serves which kind of type. Must not record faults: it returns them to
//! [`Pass::visit`], which knows where they are.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever is not the one kind expected here is at fault, now and later"
)]

use serde::Deserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, Expected, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::words::{possibilities, unknown_word, with_article};
use super::{Pass, Stop};
use crate::model::near::nearest;
use crate::scenario::defaults;
use crate::scenario::fault::Place;
use crate::scenario::tree::{Kind, Node};

/// The deserializer of one node.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a, 'p> {
    pub(super) node: &'a Node,
    pub(super) pass: &'p Pass<'a>,
}

impl<'a, 'p> Reader<'a, 'p> {
    fn expected(&self, what: &str) -> Stop {
        let help = match &self.node.kind {
            Kind::Word(word, None) if matches!(&**word, "True" | "False" | "TRUE" | "FALSE") => {
                format!("\nwrite `{}`", word.to_lowercase())
            }
            Kind::Word(word, None) if matches!(&**word, "null" | "nil" | "None") => {
                "\nleave the setting out for its default".to_owned()
            }
            Kind::Text(text) if text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok() => {
                format!("\nwrite {text} without quotes")
            }
            _ => String::new(),
        };
        Stop::Here(format!("expected {what}, found {}{help}", self.node.describe()))
    }

    fn whole(&self, max: u64) -> Result<u64, Stop> {
        match &self.node.kind {
            Kind::Int(text, value) => u64::try_from(*value)
                .ok()
                .filter(|&value| value <= max)
                .ok_or_else(|| Stop::Here(format!("`{text}` is not between 0 and {max}"))),
            _ => Err(self.expected("a whole number")),
        }
    }

    fn must_be_record(&self) -> Result<(), Stop> {
        match self.node.kind {
            Kind::Record(_) => Ok(()),
            Kind::Map(_) => Err(Stop::Here(
                "expected settings in parentheses, found a map in braces\n\
                 write `(name: value)`, the names without quotes, unlike JSON; braces hold things \
                 that you name yourself"
                    .into(),
            )),
            _ => Err(self.expected("settings in parentheses, `(name: value, …)`")),
        }
    }

    fn fields(&self, section: &str, names: &[&'static str]) -> Fields<'a, 'p> {
        let settings = self.pass.settings(section, names, self.node);
        Fields { settings: settings.into_iter(), value: None, pass: self.pass }
    }
}

impl<'a> Deserializer<'a> for Reader<'a, '_> {
    type Error = Stop;

    /// For the scalars that decide by what they find; see `file::values`.
    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        match &self.node.kind {
            Kind::Int(_, value) => visitor.visit_f64(*value as f64),
            Kind::Float(_, value) => visitor.visit_f64(*value),
            Kind::Text(text) => visitor.visit_borrowed_str(text),
            _ => Err(self.expected(&(&visitor as &dyn Expected).to_string())),
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.node.kind {
            Kind::Bool(value) => visitor.visit_bool(value),
            _ => Err(self.expected("`true` or `false`")),
        }
    }

    fn deserialize_u32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_u64(self.whole(u32::MAX.into())?)
    }

    fn deserialize_u64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_u64(self.whole(u64::MAX)?)
    }

    fn deserialize_f64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.node.kind {
            Kind::Int(_, value) => visitor.visit_f64(value as f64),
            Kind::Float(_, value) => visitor.visit_f64(value),
            _ => Err(self.expected("a number")),
        }
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        match &self.node.kind {
            Kind::Text(text) => visitor.visit_borrowed_str(text),
            // `--set queues.jobs.redrive.to=dead`: a shell eats the quotes.
            Kind::Word(word, None) if self.node.place.source != 0 => {
                visitor.visit_borrowed_str(word)
            }
            Kind::Word(word, None) => Err(without_quotes(word)),
            _ => Err(self.expected("a text in double quotes")),
        }
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        match &self.node.kind {
            Kind::Word(word, None) if word == "None" => visitor.visit_none(),
            Kind::Word(word, None) if matches!(&**word, "null" | "none" | "nil") => {
                Err(Stop::Here(format!("`{word}` is no value here\nwrite `None`")))
            }
            Kind::Word(word, Some(body)) if word == "Some" => match &body.kind {
                Kind::Tuple(items) if items.len() == 1 => {
                    self.pass.visit(&items[0], Wrapped(visitor))
                }
                _ => Err(Stop::Here("`Some` wraps exactly one value".into())),
            },
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        let Kind::List(items) = &self.node.kind else {
            return Err(self.expected("a list in brackets, `[…, …]`"));
        };
        let usable = items.iter().filter(|item| !self.pass.is_noted(item)).collect::<Vec<_>>();
        visitor.visit_seq(Items { items: usable.into_iter(), pass: self.pass })
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, len: usize, visitor: V) -> Result<V::Value, Stop> {
        match &self.node.kind {
            Kind::Tuple(items) if items.len() == len => {
                let items = items.iter().collect::<Vec<_>>().into_iter();
                visitor.visit_seq(Items { items, pass: self.pass })
            }
            _ => Err(self.expected(&format!("{len} values in parentheses"))),
        }
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        let Kind::Map(entries) = &self.node.kind else {
            return Err(Stop::Here(format!(
                "expected a map in braces, found {}\n\
                 write `{{\"name\": …}}`, with names that you choose",
                self.node.describe()
            )));
        };
        let usable = entries.iter().filter(|entry| !self.pass.is_noted(&entry.value));
        let settings: Vec<_> = usable.map(|entry| (&*entry.key, &entry.value)).collect();
        visitor.visit_map(Fields { settings: settings.into_iter(), value: None, pass: self.pass })
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.must_be_record()?;
        visitor.visit_map(self.fields(name, fields))
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let bare = match self.node.kind {
            Kind::Text(_) => "(text)",
            Kind::Int(..) | Kind::Float(..) => "(number)",
            Kind::List(_) => "(list)",
            Kind::Record(_) => "(record)",
            _ => "",
        };
        if let Some(variant) = variants.iter().find(|&&variant| variant == bare) {
            let choice = Choice { variant, section: name, body: self.node, pass: self.pass };
            return visitor.visit_enum(choice);
        }
        let words: Vec<&str> =
            variants.iter().copied().filter(|variant| !variant.starts_with('(')).collect();
        if let Kind::Word(word, body) = &self.node.kind {
            let Some(variant) = words.iter().find(|&variant| variant == word) else {
                let text = variants.iter().find(|&&variant| variant == "(text)");
                let is_text = body.is_none() && nearest(word, words.iter().copied()).is_none();
                return match text.filter(|_| is_text) {
                    None => Err(Stop::Here(unknown_word(name, word, &words))),
                    Some(_) if self.node.place.source == 0 => Err(without_quotes(word)),
                    Some(variant) => visitor.visit_enum(Choice {
                        variant,
                        section: name,
                        body: self.node,
                        pass: self.pass,
                    }),
                };
            };
            let body = body.as_deref().unwrap_or(&NOTHING);
            let choice = Choice { variant, section: variant, body, pass: self.pass };
            return visitor.visit_enum(choice);
        }
        let what = format!("expected {}, found {}", with_article(name), self.node.describe());
        let help = match &self.node.kind {
            Kind::Text(text)
                if words.contains(&text.as_str())
                    || (variants.contains(&"(number)") && text.parse::<f64>().is_ok()) =>
            {
                format!("write {text} without quotes")
            }
            _ => possibilities(name, &words),
        };
        Err(Stop::Here(format!("{what}\n{help}")))
    }

    fn deserialize_identifier<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_string(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        <W: Visitor<'a>>
        i8 i16 i32 i64 i128 u8 u16 u128 f32 char bytes byte_buf unit unit_struct tuple_struct
    }
}

fn without_quotes(word: &str) -> Stop {
    Stop::Here(format!("`{word}` stands without quotes\nwrite \"{word}\""))
}

/// What a word without a value wraps.
static NOTHING: Node =
    Node { place: Place { source: usize::MAX, start: 0, end: 0 }, kind: Kind::Nothing };

/// Lets [`Pass::visit`] reach an option's visitor.
struct Wrapped<V>(V);

impl<'a, V: Visitor<'a>> DeserializeSeed<'a> for Wrapped<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(reader)
    }
}

/// The items of a list or tuple.
struct Items<'a, 'p> {
    items: std::vec::IntoIter<&'a Node>,
    pass: &'p Pass<'a>,
}

impl<'a> SeqAccess<'a> for Items<'a, '_> {
    type Error = Stop;

    fn next_element_seed<S: DeserializeSeed<'a>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Stop> {
        self.items.next().map(|item| self.pass.visit(item, seed)).transpose()
    }
}

/// The named values of a record or map.
struct Fields<'a, 'p> {
    settings: std::vec::IntoIter<(&'a str, &'a Node)>,
    value: Option<&'a Node>,
    pass: &'p Pass<'a>,
}

impl<'a> MapAccess<'a> for Fields<'a, '_> {
    type Error = Stop;

    fn next_key_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Stop> {
        let Some((key, value)) = self.settings.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(serde::de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Stop> {
        let value = self.value.take().ok_or_else(|| Stop::custom("a value before its name"))?;
        self.pass.visit(value, seed)
    }
}

/// One variant of an enum.
struct Choice<'a, 'p> {
    variant: &'static str,
    /// The section of the defaults that fills it.
    section: &'static str,
    body: &'a Node,
    pass: &'p Pass<'a>,
}

impl Choice<'_, '_> {
    fn is_bare(&self) -> bool {
        self.variant.starts_with('(')
    }

    fn others_have_defaults(&self, fields: &[&str]) -> bool {
        let section = defaults::section(self.section);
        let has = |name: &&str| section.is_some_and(|section| section.get(name).is_some());
        let first = fields.first().is_some_and(|first| fields.len() == 1 || !has(first));
        first && fields.iter().skip(1).all(has)
    }

    fn wrong(&self, takes: &str) -> Stop {
        Stop::Here(format!("`{}` takes {takes}", self.variant))
    }
}

impl<'a, 'p> EnumAccess<'a> for Choice<'a, 'p> {
    type Error = Stop;
    type Variant = Choice<'a, 'p>;

    fn variant_seed<S: DeserializeSeed<'a>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Choice<'a, 'p>), Stop> {
        let value = seed.deserialize(self.variant.into_deserializer())?;
        Ok((value, self))
    }
}

impl<'a> VariantAccess<'a> for Choice<'a, '_> {
    type Error = Stop;

    fn unit_variant(self) -> Result<(), Stop> {
        match &self.body.kind {
            Kind::Nothing => Ok(()),
            _ => Err(self.wrong("nothing in parentheses")),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<S::Value, Stop> {
        let pass = self.pass;
        match &self.body.kind {
            _ if self.is_bare() => seed.deserialize(Reader { node: self.body, pass }),
            Kind::Tuple(items) if items.len() == 1 => pass.visit(&items[0], seed),
            // What has defaults of its own is settings by name.
            Kind::Record(_) if defaults::section(self.variant).is_some() => {
                seed.deserialize(Reader { node: self.body, pass })
            }
            Kind::Record(entries) if !entries.is_empty() => {
                Err(self.wrong("one value, without a name"))
            }
            _ => Err(self.wrong("one value in parentheses")),
        }
    }

    fn tuple_variant<V: Visitor<'a>>(self, len: usize, visitor: V) -> Result<V::Value, Stop> {
        Reader { node: self.body, pass: self.pass }.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let pass = self.pass;
        match &self.body.kind {
            Kind::Record(_) => {
                let reader = Reader { node: self.body, pass };
                visitor.visit_map(reader.fields(self.section, fields))
            }
            // One value alone is the first setting, if the others have defaults.
            Kind::Tuple(items) if items.len() == 1 && self.others_have_defaults(fields) => {
                let mut settings: Vec<(&'a str, &'a Node)> = vec![(fields[0], &items[0])];
                let section = defaults::section(self.section);
                let others = fields[1..].iter().filter_map(|name| section?.get(name));
                settings.extend(others.map(|entry| (entry.key.as_str(), &entry.value)));
                visitor.visit_map(Fields { settings: settings.into_iter(), value: None, pass })
            }
            _ => {
                let names = fields.join(": …, ");
                Err(self.wrong(&format!("settings by name, `{}({names}: …)`", self.variant)))
            }
        }
    }
}
