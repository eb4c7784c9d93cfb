//! From wishes to decisions: what is left open is decided by the seed, and fits the rest.

use super::band::Frame;
use super::chance::Chance;
use super::palette::{Palette, choose};
use super::sky::{Lamp, LampKind};
use super::words::{Place, Sky, Style, Subject, Time, Weather, Wishes};

/// Everything that is decided before the first stroke.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) frame: Frame,
    pub(super) chance: Chance,
    pub(super) time: Time,
    pub(super) weather: Weather,
    pub(super) place: Place,
    pub(super) style: Style,
    pub(super) subjects: Vec<Subject>,
    pub(super) palette: Palette,
    /// Where sky and land meet, in units.
    pub(super) horizon: f32,
    pub(super) lamp: Lamp,
    pub(super) aurora: bool,
    /// How much of the sky clouds cover, 0 to 1.
    pub(super) clouds: f32,
}

impl Plan {
    pub(super) fn new(wishes: &Wishes, frame: Frame, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let place = wishes.place.unwrap_or_else(|| fitting_place(wishes, &mut chance));
        let afloat =
            wishes.subjects.iter().any(|&one| matches!(one, Subject::Boat | Subject::Whale));
        let place = match place {
            Place::Mountains | Place::Meadow | Place::Forest | Place::Desert if afloat => {
                Place::Lake
            }
            other => other,
        };
        let time = wishes.time.unwrap_or_else(|| fitting_time(wishes, place, &mut chance));
        let weather = wishes.weather.unwrap_or(Weather::Clear);
        let style = wishes.style.unwrap_or(Style::Plain);
        let mut palette = choose(time, weather, style, &mut chance);
        if let Some(tint) = wishes.tint {
            palette = palette.tinted(tint);
        }
        let mut subjects = wishes.subjects.clone();
        if subjects.is_empty() {
            subjects.extend(fitting_subject(place, time, &mut chance));
        }
        if let (Some(count), Some(&first)) = (wishes.count, subjects.first()) {
            (1..count).for_each(|_| subjects.insert(0, first));
        }
        subjects.truncate(4);
        let horizon = frame.height()
            * match place {
                Place::Sea => chance.between(0.54, 0.60),
                Place::Space => 1.0,
                Place::City => 0.74,
                Place::Forest => 0.70,
                Place::Lake => 0.62,
                Place::Meadow | Place::Mountains | Place::Desert | Place::Room => 0.66,
            };
        let lamp = lamp(wishes, (time, weather, place), frame, horizon, &mut chance);
        let lamp = if style == Style::Ink {
            Lamp { kind: LampKind::Hidden, glow: 0.12, ..lamp }
        } else {
            lamp
        };
        let clouds = clouds(wishes, place, weather, style, &mut chance);
        let northern = time == Time::Night && weather != Weather::Rain && wishes.skies.is_empty();
        let wild = matches!(place, Place::Mountains | Place::Lake | Place::Forest);
        let aurora = wishes.skies.contains(&Sky::Aurora)
            || (northern && wild && style == Style::Plain && chance.happens(0.35));
        Self {
            frame,
            chance,
            time,
            weather,
            place,
            style,
            subjects,
            palette,
            horizon,
            lamp,
            aurora,
            clouds,
        }
    }

    /// For work on a picture that is already there: nobody comes who was not asked.
    pub(super) fn for_edit(wishes: &Wishes, frame: Frame, seed: u64) -> Self {
        let plan = Self::new(wishes, frame, seed);
        let subjects = if wishes.subjects.is_empty() { Vec::new() } else { plan.subjects };
        Self { subjects, ..plan }
    }

    pub(super) fn sun_side(&self) -> f32 {
        if self.lamp.x < self.frame.width() / 2.0 { -1.0 } else { 1.0 }
    }

    pub(super) fn snowy(&self) -> bool {
        self.weather == Weather::Snow
    }
}

fn fitting_place(wishes: &Wishes, chance: &mut Chance) -> Place {
    use Place as P;
    let Some(subject) = wishes.subjects.first() else {
        return chance.pick(&[P::Meadow, P::Mountains, P::Lake, P::Sea, P::Forest, P::Mountains]);
    };
    match subject {
        Subject::Fox => chance.pick(&[P::Forest, P::Meadow, P::Forest]),
        Subject::Panda => P::Forest,
        Subject::Cat | Subject::Dog => chance.pick(&[P::Meadow, P::City, P::Lake]),
        Subject::Rabbit | Subject::Flower | Subject::Tree => P::Meadow,
        Subject::House => chance.pick(&[P::Mountains, P::Lake, P::Meadow]),
        Subject::Boat | Subject::Lighthouse | Subject::Whale => P::Sea,
        Subject::Rocket => P::Space,
        Subject::Balloon => chance.pick(&[P::Mountains, P::Meadow, P::Desert]),
        Subject::Birds => chance.pick(&[P::Lake, P::Sea, P::Mountains]),
        Subject::Teapot => P::Room,
    }
}

fn fitting_time(wishes: &Wishes, place: Place, chance: &mut Chance) -> Time {
    let asked = |sky| wishes.skies.contains(&sky);
    if place == Place::Space || asked(Sky::Moon) || asked(Sky::Stars) || asked(Sky::Aurora) {
        return Time::Night;
    }
    if asked(Sky::Sun) {
        return chance.pick(&[Time::Day, Time::Sunset]);
    }
    if place == Place::City {
        return chance.pick(&[Time::Dusk, Time::Night, Time::Sunset]);
    }
    chance.pick(&[Time::Day, Time::Sunset, Time::Dawn, Time::Dusk, Time::Day, Time::Sunset])
}

fn fitting_subject(place: Place, time: Time, chance: &mut Chance) -> Option<Subject> {
    use Subject as S;
    match place {
        Place::Meadow => Some(chance.pick(&[S::Tree, S::House, S::Balloon])),
        Place::Mountains => chance.pick(&[None, Some(S::House), Some(S::Birds)]),
        Place::Forest => chance.pick(&[None, Some(S::Fox)]),
        Place::Lake => chance.pick(&[Some(S::Boat), Some(S::Birds), None]),
        Place::Sea => Some(chance.pick(&[S::Boat, S::Lighthouse, S::Boat])),
        Place::City => {
            if time == Time::Night {
                None
            } else {
                Some(S::Birds)
            }
        }
        Place::Desert => Some(chance.pick(&[S::Balloon, S::Birds])),
        Place::Space => Some(S::Rocket),
        Place::Room => Some(S::Teapot),
    }
}

fn lamp(
    wishes: &Wishes,
    (time, weather, place): (Time, Weather, Place),
    frame: Frame,
    horizon: f32,
    chance: &mut Chance,
) -> Lamp {
    let side = chance.pick(&[0.26, 0.32, 0.68, 0.74]);
    let x = frame.width() * (side + chance.between(-0.05, 0.05));
    let asked = wishes.skies.contains(&Sky::Sun) || wishes.skies.contains(&Sky::Moon);
    let hidden = place == Place::Space
        || (!asked && matches!(weather, Weather::Rain))
        || (!asked && weather == Weather::Snow && time != Time::Night && chance.happens(0.5));
    let low = matches!(place, Place::Sea | Place::Desert);
    let (height, radius, glow, kind) = match time {
        Time::Dawn => (if low { 0.90 } else { 0.66 }, 0.050, 0.85, LampKind::Sun),
        Time::Day => (0.24, 0.036, 0.78, LampKind::Sun),
        Time::Sunset => (if low { 0.90 } else { 0.72 }, 0.068, 1.0, LampKind::Sun),
        Time::Dusk => (0.30, 0.034, 0.40, LampKind::Moon(chance.between(0.75, 0.95))),
        Time::Night => {
            let phase = chance.pick(&[0.0, 0.0, 0.55, 0.9]);
            (0.27, 0.058, 0.60, LampKind::Moon(phase))
        }
    };
    let kind = if hidden { LampKind::Hidden } else { kind };
    let glow = if hidden { glow * 0.3 } else { glow };
    Lamp { x, y: horizon * height, radius, glow, kind }
}

fn clouds(
    wishes: &Wishes,
    place: Place,
    weather: Weather,
    style: Style,
    chance: &mut Chance,
) -> f32 {
    if wishes.skies.contains(&Sky::Clouds) {
        return 0.85;
    }
    let usual = chance.between(0.12, 0.62);
    match (weather, style) {
        (_, Style::Ink) => 0.0,
        _ if place == Place::Space => 0.0,
        (Weather::Clear, _) => usual,
        (Weather::Snow, _) => usual * 0.7 + 0.2,
        (Weather::Rain, _) => 0.95,
        (Weather::Fog, _) => usual * 0.3,
    }
}
