//! An alarm on a metric.
//!
//! Owns its state and how many points in breach came one after the other. Must not know what the
//! points are of, nor what it sets off.

/// What an alarm says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmState {
    /// Not all of the last points were in breach.
    Ok,
    /// All were.
    Alarm,
    /// The last point is missing, or none came yet.
    InsufficientData,
}

/// An alarm that wants all of its last n points in breach.
#[derive(Clone, Debug)]
pub struct Alarm {
    needs: u32,
    run: u32,
    state: AlarmState,
}

impl Alarm {
    /// One that needs so many points in breach, one after the other.
    pub fn new(needs: u32) -> Alarm {
        Alarm { needs, run: 0, state: AlarmState::InsufficientData }
    }

    /// Takes the next point in, whether it is in breach; `None`: there is none. What it says then.
    pub fn point(&mut self, breach: Option<bool>) -> AlarmState {
        self.run = if breach == Some(true) { self.run.saturating_add(1) } else { 0 };
        self.state = match breach {
            None => AlarmState::InsufficientData,
            Some(_) if self.run >= self.needs => AlarmState::Alarm,
            Some(_) => AlarmState::Ok,
        };
        self.state
    }

    /// What it says.
    pub fn state(&self) -> AlarmState {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_the_last_points_must_be_in_breach() {
        let mut alarm = Alarm::new(3);
        assert_eq!(alarm.state(), AlarmState::InsufficientData);
        let (yes, no, missing) = (Some(true), Some(false), None);
        let points = [yes, yes, no, yes, yes, yes, yes, missing, yes, yes, yes, no];
        let said = points.map(|point| match alarm.point(point) {
            AlarmState::Ok => 'o',
            AlarmState::Alarm => 'A',
            AlarmState::InsufficientData => '?',
        });
        assert_eq!(said.iter().collect::<String>(), "oooooAA?ooAo");
    }
}
