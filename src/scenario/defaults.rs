//! The defaults, one commented file that is also the reference page.
//!
//! Owns `defaults.ron`, embedded. Must not know what the settings mean.
//!
//! Invariant: it parses, and every setting of [`super::file`] occurs in it, with a value or as
//! `required` (tests below).

use std::sync::OnceLock;

use super::syntax;
use super::tree::Node;

/// The file, with its comments.
pub(super) const TEXT: &str = include_str!("defaults.ron");

/// Its number as a source: no scenario's text has it.
const SOURCE: usize = usize::MAX;

/// The settings of one section, such as `queue`; `None` for what has no defaults.
pub(super) fn section(name: &str) -> Option<&'static Node> {
    static TREE: OnceLock<Node> = OnceLock::new();
    let tree = TREE.get_or_init(|| match syntax::parse(TEXT, SOURCE) {
        Ok((tree, _)) => tree,
        Err(fault) => unreachable!("the embedded defaults parse, by a test: {}", fault.what),
    });
    tree.get(name).map(|entry| &entry.value)
}

/// The default of one setting, as it stands there; `None` for what has none.
pub(super) fn value_text(section: &str, key: &str) -> Option<&'static str> {
    let place = self::section(section)?.get(key)?.value.place;
    TEXT.get(place.start..place.end)
}

/// The text of one section without its indentation: the comment lines before it and what stands
/// in its parentheses. Empty for an unknown one.
pub(super) fn section_text(name: &str) -> String {
    let head = format!("    {name}: (");
    let lines: Vec<&str> = TEXT.lines().collect();
    let Some(first) = lines.iter().position(|&line| line == head) else {
        return String::new();
    };
    let before = lines[..first].iter().rev().take_while(|line| line.starts_with("    //")).count();
    let after = lines[first..].iter().take_while(|&&line| line != "    ),").count();
    let section = &lines[first - before..=first + after];
    let shifted = section.iter().map(|line| line.strip_prefix("    ").unwrap_or(line));
    shifted.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use serde::Deserializer;
    use serde::de::value::Error;
    use serde::de::{
        DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, VariantAccess, Visitor,
    };

    use super::*;
    use crate::scenario::decode::decode;
    use crate::scenario::file::*;

    #[test]
    fn the_defaults_parse_and_repeat_no_name() {
        let (tree, repeated) = syntax::parse(TEXT, SOURCE).expect("they parse");
        assert_eq!(repeated, []);
        assert!(tree.entries().len() > 10);
    }

    /// The names that a type asks a deserializer for: those of a struct, or of one variant.
    struct Asked<'s> {
        names: &'s RefCell<Vec<(&'static str, &'static [&'static str])>>,
        variant: usize,
    }

    impl<'de> Deserializer<'de> for Asked<'_> {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(Error::custom("nothing to read"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            name: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Error> {
            self.names.borrow_mut().push((name, fields));
            self.deserialize_any(visitor)
        }

        fn deserialize_enum<V: Visitor<'de>>(
            self,
            name: &'static str,
            variants: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Error> {
            let Some(&variant) = variants.get(self.variant) else {
                return self.deserialize_any(visitor);
            };
            let section = if variant.starts_with('(') { name } else { variant };
            self.names.borrow_mut().push((section, &[]));
            visitor.visit_enum(AskedVariant { variant, asked: self })
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
            option unit unit_struct newtype_struct seq tuple tuple_struct map identifier
            ignored_any
        }
    }

    struct AskedVariant<'s> {
        variant: &'static str,
        asked: Asked<'s>,
    }

    impl<'de, 's> EnumAccess<'de> for AskedVariant<'s> {
        type Error = Error;
        type Variant = Asked<'s>;

        fn variant_seed<S: DeserializeSeed<'de>>(
            self,
            seed: S,
        ) -> Result<(S::Value, Asked<'s>), Error> {
            Ok((seed.deserialize(self.variant.into_deserializer())?, self.asked))
        }
    }

    impl<'de> VariantAccess<'de> for Asked<'_> {
        type Error = Error;

        fn unit_variant(self) -> Result<(), Error> {
            Ok(())
        }

        fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, Error> {
            Err(Error::custom("nothing to read"))
        }

        fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
            self.deserialize_any(visitor)
        }

        fn struct_variant<V: Visitor<'de>>(
            self,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Error> {
            if let Some(last) = self.names.borrow_mut().last_mut() {
                last.1 = fields;
            }
            self.deserialize_any(visitor)
        }
    }

    /// Every (section, settings) of a type; of an enum, one for each variant.
    fn settings_of<T: serde::de::DeserializeOwned>() -> Vec<(&'static str, &'static [&'static str])>
    {
        let names = RefCell::default();
        for variant in 0..32 {
            let _ = T::deserialize(Asked { names: &names, variant });
        }
        names.into_inner()
    }

    #[test]
    fn every_setting_occurs_with_its_default_or_as_required() {
        let sections = [
            settings_of::<ScenarioFile>(),
            settings_of::<LimitsFile>(),
            settings_of::<QueueFile>(),
            settings_of::<RedriveFile>(),
            settings_of::<LedgerFile>(),
            settings_of::<CapacityFile>(),
            settings_of::<KeysFile>(),
            settings_of::<SplitFile>(),
            settings_of::<MechanicsFile>(),
            settings_of::<NodesFile>(),
            settings_of::<PlacementFile>(),
            settings_of::<OutageFile>(),
            settings_of::<FailuresFile>(),
            settings_of::<ProducerFile>(),
            settings_of::<RetryFile>(),
            settings_of::<ConsumerFile>(),
            settings_of::<CountFile>(),
            settings_of::<DeploysFile>(),
            settings_of::<CallsFile>(),
            settings_of::<CallRetryFile>(),
            settings_of::<BudgetFile>(),
            settings_of::<DownstreamFile>(),
            settings_of::<HostsFile>(),
            settings_of::<TargetTrackingFile>(),
            settings_of::<StepsFile>(),
            settings_of::<AlarmFile>(),
            settings_of::<KedaFile>(),
            settings_of::<HpaFile>(),
            settings_of::<BehaviorFile>(),
            settings_of::<ScaleUpFile>(),
            settings_of::<ScaleDownFile>(),
            settings_of::<ChangePolicyFile>(),
            settings_of::<CountersFile>(),
            settings_of::<ReceiveFile>(),
            settings_of::<FailureFile>(),
            settings_of::<OnFailureFile>(),
            settings_of::<HeartbeatFile>(),
            settings_of::<CrashFile>(),
            settings_of::<DeleteFile>(),
            settings_of::<FunctionFile>(),
            settings_of::<ProvisionedFile>(),
            settings_of::<ScalingFile>(),
            settings_of::<EnvironmentsFile>(),
            settings_of::<ThrottledFile>(),
            settings_of::<AccountFile>(),
            settings_of::<FunctionPricesFile>(),
        ];
        let mut count = 0;
        for (name, settings) in sections.concat() {
            let text = section_text(name);
            for setting in settings {
                let default = section(name).and_then(|section| section.get(setting)).is_some();
                let required = text.contains(&format!("// {setting}: required"));
                assert!(default != required, "`{setting}` of `{name}` in defaults.ron");
                count += 1;
            }
        }
        assert!(count > 17 * 60, "only {count} settings were asked for");
    }

    #[test]
    fn what_is_not_required_may_be_left_out() {
        let text = "(duration: \"1m\", queues: {\"a\": (redrive: (to: \"a\"), ledger: (
            capacity: (rate: \"1/s\"), keys: Group(count: 1), split: Reservoir(),
            nodes: (count: 3, placement: Ring(), outages: [(at: \"1s\", node: 0)],
                failures: (mean_time_between: \"1h\"))))},
            producers: {\"p\": (queue: \"a\", arrivals: [Counts(file: \"x\")])},
            consumers: {\"c\": (queue: \"a\", processing: LogNormal(),
                heartbeat: (every: \"1s\", extend: \"2s\"), crash: (mean_time_between: \"1h\")),
                \"f\": Lambda(queue: \"a\", processing: LogNormal(), provisioned: ())})";
        let (tree, _) = syntax::parse(text, 0).expect("it parses");
        let (file, faults) = decode::<ScenarioFile>(&tree);
        assert!(file.is_some() && faults.is_empty(), "all that is not required has a default");
    }

    #[test]
    fn a_section_is_quoted_with_its_comments() {
        let text = section_text("heartbeat");
        assert!(
            text.starts_with("// heartbeat: (…)\nheartbeat: (\n    // every: required."),
            "{text}"
        );
        assert!(text.ends_with("longer than `every`.\n),\n"), "{text}");
        assert_eq!(section_text("nonsense"), "");
    }
}
