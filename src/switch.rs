//! What is forbidden to a cache for a time: by the mode that is set, and by every guard.

use std::sync::PoisonError;

use crate::mode::Mode;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicUsize, Ordering};

/// What a cache may not do. Several modes together forbid what any of them does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Forbidden(u8);

const SERVE: u8 = 1;
const STORE: u8 = 2;
const FORWARD: u8 = 4;

impl Forbidden {
    pub(crate) const TO_SERVE: Self = Self(SERVE);

    /// What a mode forbids.
    pub(crate) fn by(mode: Mode) -> Self {
        Self(match mode {
            Mode::Normal => 0,
            Mode::ReadOnly => STORE,
            Mode::Refresh => SERVE,
            Mode::Bypass => SERVE | STORE,
            Mode::Offline => FORWARD,
            Mode::Closed => SERVE | STORE | FORWARD,
        })
    }

    /// The mode that forbids this. What nothing can be stored of any more is not told apart.
    pub(crate) fn as_mode(self) -> Mode {
        match (self.serving(), self.storing(), self.forwarding()) {
            (false, false, false) => Mode::Normal,
            (false, true, false) => Mode::ReadOnly,
            (true, false, false) => Mode::Refresh,
            (true, true, false) => Mode::Bypass,
            (false, _, true) => Mode::Offline,
            (true, _, true) => Mode::Closed,
        }
    }

    /// Both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[inline]
    pub(crate) fn is_anything(self) -> bool {
        self.0 != 0
    }

    /// To answer with what is stored, and to ask about it.
    pub(crate) fn serving(self) -> bool {
        self.0 & SERVE != 0
    }

    /// To store what comes.
    pub(crate) fn storing(self) -> bool {
        self.0 & STORE != 0
    }

    /// To ask the origin.
    pub(crate) fn forwarding(self) -> bool {
        self.0 & FORWARD != 0
    }
}

/// Which mode is in force: the one that was set and those of all guards, together. A request reads one word, and
/// so all of it at once.
#[derive(Debug, Default)]
pub(crate) struct Switch {
    forbidden: AtomicUsize,
    causes: Mutex<Causes>,
}

/// Why something is forbidden.
#[derive(Debug, Default)]
struct Causes {
    set: Forbidden,
    /// How many guards live that forbid to serve, to store, and to forward.
    guards: [usize; 3],
}

impl Causes {
    fn forbidden(&self) -> Forbidden {
        let bits = [SERVE, STORE, FORWARD].into_iter().zip(self.guards);
        let of_guards = bits.filter(|(_, guards)| *guards > 0);
        Forbidden(of_guards.fold(self.set.0, |all, (bit, _)| all | bit))
    }

    fn guards_of(&mut self, mode: Mode) -> impl Iterator<Item = &mut usize> {
        let Forbidden(bits) = Forbidden::by(mode);
        let guards = [SERVE, STORE, FORWARD].into_iter().zip(&mut self.guards);
        guards
            .filter(move |(bit, _)| bits & bit != 0)
            .map(|(_, guards)| guards)
    }
}

impl Switch {
    /// What is forbidden now.
    #[inline]
    pub(crate) fn forbidden(&self) -> Forbidden {
        Forbidden(self.forbidden.load(Ordering::SeqCst) as u8)
    }

    /// Whether answers may be stored. Asked under the lock of the store.
    pub(crate) fn may_store(&self) -> bool {
        !self.forbidden().storing()
    }

    /// Sets the mode that is in force where no guard lives. Says which is in force then, where it is another.
    pub(crate) fn set(&self, mode: Mode) -> Option<Mode> {
        self.change(|causes| causes.set = Forbidden::by(mode))
    }

    /// A guard begins.
    pub(crate) fn hold(&self, mode: Mode) -> Option<Mode> {
        self.change(|causes| causes.guards_of(mode).for_each(|guards| *guards += 1))
    }

    /// A guard ends.
    pub(crate) fn release(&self, mode: Mode) -> Option<Mode> {
        self.change(|causes| causes.guards_of(mode).for_each(|guards| *guards -= 1))
    }

    fn change(&self, change: impl FnOnce(&mut Causes)) -> Option<Mode> {
        // Every change under the lock is whole before anything in it could panic.
        let mut causes = self.causes.lock().unwrap_or_else(PoisonError::into_inner);
        let before = causes.forbidden().as_mode();
        change(&mut causes);
        let forbidden = causes.forbidden();
        let Forbidden(bits) = forbidden;
        self.forbidden.store(usize::from(bits), Ordering::SeqCst);
        let mode = forbidden.as_mode();
        (mode != before).then_some(mode)
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::*;

    const MODES: [Mode; 6] = [
        Mode::Normal,
        Mode::ReadOnly,
        Mode::Refresh,
        Mode::Bypass,
        Mode::Offline,
        Mode::Closed,
    ];

    fn in_force(switch: &Switch) -> Mode {
        switch.forbidden().as_mode()
    }

    #[test]
    fn modes_together_forbid_what_each_forbids() {
        use Mode::{Bypass, Closed, Normal, Offline, ReadOnly, Refresh};

        for (one, other, both) in [
            (ReadOnly, Refresh, Bypass),
            (ReadOnly, Bypass, Bypass),
            (ReadOnly, Offline, Offline),
            (Refresh, Bypass, Bypass),
            (Refresh, Offline, Closed),
            (Bypass, Offline, Closed),
        ] {
            for (set, held) in [(one, other), (other, one)] {
                let switch = Switch::default();
                switch.set(set);
                switch.hold(held);
                assert_eq!(in_force(&switch), both, "{set:?} and {held:?}");
            }
        }
        for mode in MODES {
            for (other, both) in [(Normal, mode), (mode, mode), (Closed, Closed)] {
                let switch = Switch::default();
                switch.hold(mode);
                switch.hold(other);
                assert_eq!(in_force(&switch), both, "{mode:?} and {other:?}");
            }
        }
    }

    #[test]
    fn what_a_guard_forbids_is_forbidden_until_the_last_one_ends() {
        for mode in MODES {
            let switch = Switch::default();
            switch.hold(mode);
            switch.hold(mode);
            switch.set(Mode::Normal);
            switch.release(mode);
            assert_eq!(in_force(&switch), mode, "one guard still lives");
            switch.set(mode);
            switch.release(mode);
            assert_eq!(in_force(&switch), mode, "it was set");
            switch.set(Mode::Normal);
            assert!(!switch.forbidden().is_anything());
        }
    }

    #[test]
    fn to_read_only_is_forbidden_beside_offline_though_it_is_not_told_apart() {
        let switch = Switch::default();
        switch.set(Mode::Offline);
        assert!(switch.may_store());
        switch.hold(Mode::ReadOnly);
        assert!(!switch.may_store());
        assert_eq!(in_force(&switch), Mode::Offline);
    }
}
