//! How a list of facts is written down: once, with the words of machines beside it.
//!
//! Owns the macro that makes an enum of a list, and what can be done with every fact without
//! knowing it: to write it down field by field, to hash it, to make examples of it. Must not know
//! any fact.
//!
//! A row has a number, a word and a name: `1 "sent" Sent { … }`. The number is hashed in place of
//! the fact (0: the fact follows from others and is not hashed), the word stands in traces. A field
//! has its word and whether it is hashed: `tell` is, `imply` follows from other facts.

use super::ids::{Caller, MessageId, PartitionId};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::{NodeId, QueueId};

/// What a fact is called, and what it says.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The word for it.
    pub word: &'static str,
    /// What happened, in a sentence or two.
    pub about: &'static str,
    /// The word of each field, in order, and what it says.
    pub fields: &'static [(&'static str, &'static str)],
}

/// One of a closed list of facts.
pub trait Listed: Sized + 'static {
    /// The list.
    const ROWS: &'static [Row];

    /// Tells `scribe` the fact, then its fields in order.
    fn write<S: Scribe>(&self, scribe: &mut S);

    /// One of each fact of the list, with the example in each of its fields that `choose` says.
    fn examples(choose: &mut impl FnMut() -> usize) -> Vec<Self>;
}

/// Someone who is told a fact field by field.
///
/// What precedes a value in a line of JSON is a constant of one piece, `,"partition":`, as that is
/// fast to copy; [`word`] takes the word out.
pub trait Scribe {
    /// A fact begins.
    fn fact(&mut self, number: u8, word: &'static str);

    /// Says a field that nothing else tells.
    fn tell<F: Field>(&mut self, before: &'static str, field: F);

    /// Says a field that follows from other facts.
    fn imply<F: Field>(&mut self, before: &'static str, field: F);
}

/// The word of a field, of what precedes its value in a line of JSON.
pub fn word(before: &str) -> &str {
    before.trim_matches([',', '"', ':'])
}

/// What can be a field of a fact.
pub trait Field: Copy {
    /// A number for it: others have other numbers.
    fn hashed(self) -> u64;

    /// It as a value; `None` leaves the field out.
    fn value(self) -> Option<Value>;

    /// The `nth` of some examples that are unlike each other, but those of a short list come again.
    fn example(nth: usize) -> Self;
}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Number(u64),
    /// A key of the key space.
    Key(u64),
    /// Yes or no.
    Flag(bool),
    /// A word of a closed list.
    Word(&'static str),
    /// A word and a number of thousandths that belongs to it.
    WordOf(&'static str, u16),
    /// A part of the scenario, by its number.
    Name(Kind, u32),
}

/// The parts of a scenario that have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Queues.
    Queue,
    /// Producers.
    Producer,
    /// Workers.
    Worker,
    /// Those who receive: workers, and the readers of functions.
    Caller,
    /// Fleets.
    Fleet,
    /// What workers lean on.
    Downstream,
    /// Functions.
    Function,
}

/// Makes an enum of a list of facts, and what [`Listed`] promises of it.
macro_rules! facts {
    (
        $(#[$about_list:meta])*
        pub enum $list:ident {
            $(
                $(#[doc = $about:literal])*
                $number:literal $word:literal $fact:ident {
                    $(
                        $(#[doc = $about_field:literal])*
                        $field:ident: $of:ty = $verb:ident $field_word:literal,
                    )*
                },
            )*
        }
    ) => {
        $(#[$about_list])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum $list {
            $(
                $(#[doc = $about])*
                $fact {
                    $($(#[doc = $about_field])* $field: $of,)*
                },
            )*
        }

        impl $crate::ledger::journal::vocabulary::Listed for $list {
            const ROWS: &'static [$crate::ledger::journal::vocabulary::Row] = &[
                $($crate::ledger::journal::vocabulary::Row {
                    word: $word,
                    about: concat!($($about,)*),
                    fields: &[$(($field_word, concat!($($about_field,)*))),*],
                },)*
            ];

            #[inline(always)]
            fn write<S: $crate::ledger::journal::vocabulary::Scribe>(&self, scribe: &mut S) {
                match *self {
                    $($list::$fact { $($field),* } => {
                        scribe.fact($number, $word);
                        $(scribe.$verb(concat!(",\"", $field_word, "\":"), $field);)*
                    })*
                }
            }

            fn examples(choose: &mut impl FnMut() -> usize) -> Vec<$list> {
                vec![$($list::$fact {
                    $($field: $crate::ledger::journal::vocabulary::Field::example(choose()),)*
                }),*]
            }
        }
    };
}

/// Makes fields of a closed list of words.
macro_rules! words {
    (
        $(#[$about_list:meta])*
        pub enum $list:ident {
            $($(#[doc = $about:literal])* $item:ident = $word:literal,)*
        }
    ) => {
        $(#[$about_list])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $list {
            $($(#[doc = $about])* $item,)*
        }

        impl $list {
            /// All of them, in order.
            pub const ALL: &'static [$list] = &[$($list::$item),*];

            /// The word for it, for machines.
            #[inline]
            pub const fn word(self) -> &'static str {
                match self {
                    $($list::$item => $word,)*
                }
            }
        }

        impl $crate::ledger::journal::vocabulary::Field for $list {
            #[inline]
            fn hashed(self) -> u64 {
                self as u64
            }

            #[inline]
            fn value(self) -> Option<$crate::ledger::journal::vocabulary::Value> {
                Some($crate::ledger::journal::vocabulary::Value::Word(self.word()))
            }

            fn example(nth: usize) -> $list {
                $list::ALL[nth % $list::ALL.len()]
            }
        }
    };
}

/// Makes fields of types that are numbers: as one, made of one, and as a value.
macro_rules! numbers {
    ($($of:ty: |$it:ident| $number:expr, |$from:ident| $made:expr, $value:expr;)*) => {
        $(impl $crate::ledger::journal::vocabulary::Field for $of {
            #[inline]
            fn hashed(self) -> u64 {
                let $it = self;
                $number
            }

            #[inline]
            fn value(self) -> Option<$crate::ledger::journal::vocabulary::Value> {
                let $it = self;
                Some($value)
            }

            fn example(nth: usize) -> $of {
                use $crate::ledger::journal::vocabulary::EXAMPLES;
                let $from = EXAMPLES[nth % EXAMPLES.len()];
                $made
            }
        })*
    };
}

/// Numbers that differ in a bit at either end, and the least and greatest.
pub(crate) const EXAMPLES: [u32; 5] = [0, 1, 2, 1 << 31, u32::MAX];

pub(crate) use {facts, numbers, words};

numbers! {
    u32: |it| u64::from(it), |of| of, Value::Number(u64::from(it));
    u64: |it| it, |of| u64::from(of) << 32, Value::Key(it);
    bool: |it| u64::from(it), |of| of % 2 == 1, Value::Flag(it);
    MessageId: |it| it.0, |of| MessageId(u64::from(of)), Value::Number(it.0);
    PartitionId: |it| u64::from(it.0), |of| PartitionId(of), Value::Number(u64::from(it.0));
    NodeId: |it| u64::from(it.0), |of| NodeId(of), Value::Number(u64::from(it.0));
    QueueId: |it| u64::from(it.0), |of| QueueId(of), Value::Name(Kind::Queue, it.0);
    Caller: |it| u64::from(it.0), |of| Caller(of), Value::Name(Kind::Caller, it.0);
    Time: |it| it.as_nanos(), |of| Time::from_nanos(u64::from(of)), Value::Number(it.as_nanos());
    Span: |it| it.as_nanos(), |of| Span::from_nanos(u64::from(of)), Value::Number(it.as_nanos());
}

impl<F: Field> Field for Option<F> {
    #[inline]
    fn hashed(self) -> u64 {
        self.map_or(0, |field| field.hashed() + 1)
    }

    #[inline]
    fn value(self) -> Option<Value> {
        self.and_then(F::value)
    }

    fn example(nth: usize) -> Option<F> {
        nth.checked_sub(1).map(F::example)
    }
}
