//! One value for each row of a table.
//!
//! Owns the struct that has them, by the names of their rows. Must not know what they are.

/// Makes a struct of one value for each row of a table.
macro_rules! one_for_each {
    ($(#[$about:meta])* $name:ident { $($(#[doc = $doc:literal])* $field:ident,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $name<T> {
            $($(#[doc = $doc])* pub $field: T,)*
        }

        impl<T> $name<T> {
            /// How many they are.
            pub const LEN: usize = [$(stringify!($field)),*].len();

            /// The same of `other` beside each.
            pub fn zip<U>(self, other: $name<U>) -> $name<(T, U)> {
                $name { $($field: (self.$field, other.$field),)* }
            }

            /// Each to be changed.
            pub fn as_mut(&mut self) -> $name<&mut T> {
                $name { $($field: &mut self.$field,)* }
            }

            /// What `of` makes of each, in order.
            pub fn map<U>(self, mut of: impl FnMut(T) -> U) -> $name<U> {
                $name { $($field: of(self.$field),)* }
            }
        }
    };
}

pub(super) use one_for_each;
