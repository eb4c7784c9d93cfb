//! What a prompt asks for, as far as the stand-in understands English and Chinese.

use super::color::{Rgb, hex};

/// When it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    Dawn,
    Day,
    Sunset,
    Dusk,
    Night,
}

/// What falls or hangs in the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    Clear,
    Snow,
    Rain,
    Fog,
}

/// Where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Meadow,
    Mountains,
    Forest,
    Lake,
    Sea,
    City,
    Desert,
    Space,
    Room,
}

/// Who or what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Fox,
    Cat,
    Dog,
    Rabbit,
    Panda,
    House,
    Lighthouse,
    Tree,
    Boat,
    Whale,
    Rocket,
    Balloon,
    Birds,
    Flower,
    Teapot,
}

/// How it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Monochrome,
    Sepia,
    Ink,
    Neon,
    Pixels,
}

/// What stands in the sky if it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sky {
    Sun,
    Moon,
    Stars,
    Aurora,
    Clouds,
}

/// How an edit should change the light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Brighter,
    Darker,
    Warmer,
    Cooler,
}

#[derive(Debug, Clone, Copy)]
enum Meaning {
    Tone(Tone),
    Time(Time),
    Weather(Weather),
    Place(Place),
    Subject(Subject),
    Style(Style),
    Sky(Sky),
    Tint(u32),
    Count(usize),
}

/// Everything that was understood. What was not asked for is left open.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Wishes {
    pub(super) time: Option<Time>,
    pub(super) weather: Option<Weather>,
    pub(super) place: Option<Place>,
    /// In the order of the words, each once.
    pub(super) subjects: Vec<Subject>,
    pub(super) style: Option<Style>,
    pub(super) skies: Vec<Sky>,
    pub(super) tint: Option<Rgb>,
    pub(super) tones: Vec<Tone>,
    /// How many of the first subject.
    pub(super) count: Option<usize>,
    /// The English words that were understood, for the caption.
    pub(super) labels: Vec<&'static str>,
}

/// Words of one meaning: the first is its label, English ones match whole words, others anywhere.
const LEXICON: &[(&str, Meaning)] = &[
    ("night midnight nocturnal 夜 深夜 晚上", Meaning::Time(Time::Night)),
    ("dawn sunrise morning daybreak 日出 黎明 清晨 早晨 早上", Meaning::Time(Time::Dawn)),
    ("sunset golden-hour evening 日落 夕阳 黄昏 晚霞 傍晚", Meaning::Time(Time::Sunset)),
    ("dusk twilight 暮 暮色", Meaning::Time(Time::Dusk)),
    ("day noon daylight midday sunny 白天 中午 晴", Meaning::Time(Time::Day)),
    ("snow snowy winter blizzard christmas 雪 冬", Meaning::Weather(Weather::Snow)),
    ("rain rainy storm stormy drizzle 雨 暴风", Meaning::Weather(Weather::Rain)),
    ("fog foggy mist misty haze hazy 雾", Meaning::Weather(Weather::Fog)),
    ("clear cloudless 晴朗", Meaning::Weather(Weather::Clear)),
    (
        "meadow field fields hill hills grass countryside garden spring 草地 草原 田野 花园 山坡 春",
        Meaning::Place(Place::Meadow),
    ),
    ("mountains mountain alps peak peaks 山", Meaning::Place(Place::Mountains)),
    ("forest woods wood jungle pines 森林 树林 竹林", Meaning::Place(Place::Forest)),
    ("lake pond river 湖 河 池塘", Meaning::Place(Place::Lake)),
    (
        "sea ocean beach coast waves harbour harbor island 海 大海 海洋 沙滩 岛",
        Meaning::Place(Place::Sea),
    ),
    (
        "city town skyline street tokyo shanghai london york 城市 城 街 都市",
        Meaning::Place(Place::City),
    ),
    ("desert dunes dune sahara mars 沙漠 沙丘 火星", Meaning::Place(Place::Desert)),
    (
        "space planet galaxy cosmos universe nebula orbit 太空 宇宙 星球 银河",
        Meaning::Place(Place::Space),
    ),
    ("room table kitchen indoors window cafe 房间 桌 室内 厨房 窗", Meaning::Place(Place::Room)),
    ("fox foxes vixen 狐", Meaning::Subject(Subject::Fox)),
    ("cat cats kitten kitty 猫", Meaning::Subject(Subject::Cat)),
    ("dog dogs puppy corgi 狗 犬", Meaning::Subject(Subject::Dog)),
    ("rabbit rabbits bunny hare 兔", Meaning::Subject(Subject::Rabbit)),
    ("panda pandas 熊猫", Meaning::Subject(Subject::Panda)),
    ("house houses cottage cabin home hut 房子 屋", Meaning::Subject(Subject::House)),
    ("lighthouse 灯塔", Meaning::Subject(Subject::Lighthouse)),
    ("tree trees oak 树", Meaning::Subject(Subject::Tree)),
    ("boat boats ship sailboat sailing yacht 船 帆", Meaning::Subject(Subject::Boat)),
    ("whale whales 鲸", Meaning::Subject(Subject::Whale)),
    ("rocket rockets spaceship 火箭 飞船", Meaning::Subject(Subject::Rocket)),
    ("balloon balloons 气球", Meaning::Subject(Subject::Balloon)),
    ("birds bird seagull seagulls geese 鸟", Meaning::Subject(Subject::Birds)),
    ("flower flowers tulip tulips rose roses daisy blossom 花", Meaning::Subject(Subject::Flower)),
    ("teapot tea teapots 茶", Meaning::Subject(Subject::Teapot)),
    ("monochrome black-and-white grayscale noir 黑白", Meaning::Style(Style::Monochrome)),
    ("sepia vintage retro 复古 老照片", Meaning::Style(Style::Sepia)),
    ("ink sumi 水墨 国画", Meaning::Style(Style::Ink)),
    ("neon cyberpunk synthwave 霓虹 赛博", Meaning::Style(Style::Neon)),
    ("pixel pixels pixelart 8-bit 像素", Meaning::Style(Style::Pixels)),
    ("sun 太阳", Meaning::Sky(Sky::Sun)),
    ("moon moonlight moonlit 月", Meaning::Sky(Sky::Moon)),
    ("stars star starry 星空 星星", Meaning::Sky(Sky::Stars)),
    ("aurora 极光", Meaning::Sky(Sky::Aurora)),
    ("clouds cloud cloudy 云", Meaning::Sky(Sky::Clouds)),
    ("red crimson 红", Meaning::Tint(0xd8453a)),
    ("orange 橙 橘", Meaning::Tint(0xe8873a)),
    ("yellow golden gold 黄 金色", Meaning::Tint(0xe8c14a)),
    ("green emerald 绿", Meaning::Tint(0x4fa05a)),
    ("blue azure 蓝", Meaning::Tint(0x4a86d0)),
    ("purple violet lavender 紫", Meaning::Tint(0x8a5cc0)),
    ("pink 粉", Meaning::Tint(0xe58aa8)),
    ("teal turquoise cyan 青", Meaning::Tint(0x3fa6a6)),
    ("autumn fall 秋", Meaning::Tint(0xd98a3a)),
    ("brighter lighter bright 亮 明亮", Meaning::Tone(Tone::Brighter)),
    ("darker dark moody 暗", Meaning::Tone(Tone::Darker)),
    ("warmer warm cosy cozy 暖 温暖", Meaning::Tone(Tone::Warmer)),
    ("cooler colder cold 冷", Meaning::Tone(Tone::Cooler)),
    ("two 两 二 2", Meaning::Count(2)),
    ("three 三 3", Meaning::Count(3)),
];

/// Every word that names a meaning.
#[cfg(test)]
pub(super) fn labels() -> impl Iterator<Item = &'static str> {
    LEXICON.iter().filter_map(|(words, _)| words.split(' ').next())
}

/// Reads a prompt.
pub(super) fn read(prompt: &str) -> Wishes {
    let text = prompt.to_lowercase();
    let plain: String = format!(" {text} ")
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() || !char.is_ascii() { char } else { ' ' })
        .collect();
    let spaced = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let spaced = format!(" {spaced} ");
    let place_of = |word: &str| {
        if word.is_ascii() {
            spaced.find(&format!(" {} ", word.replace('-', " ")))
        } else {
            spaced.find(word)
        }
    };
    let mut found: Vec<(usize, &'static str, Meaning)> = Vec::new();
    for (words, meaning) in LEXICON {
        let first = words.split(' ').filter_map(place_of).min();
        let label = words.split(' ').next().unwrap_or_default();
        found.extend(first.map(|place| (place, label, *meaning)));
    }
    found.sort_by_key(|entry| entry.0);
    let mut wishes = Wishes::default();
    for (_, label, meaning) in found {
        wishes.add(label, meaning);
    }
    wishes
}

impl Wishes {
    /// The first word of each kind counts; subjects and skies add up.
    fn add(&mut self, label: &'static str, meaning: Meaning) {
        self.labels.push(label);
        match meaning {
            Meaning::Time(time) => self.time = self.time.or(Some(time)),
            Meaning::Weather(weather) => self.weather = self.weather.or(Some(weather)),
            Meaning::Place(place) => self.place = self.place.or(Some(place)),
            Meaning::Subject(subject) => self.subjects.push(subject),
            Meaning::Style(style) => self.style = self.style.or(Some(style)),
            Meaning::Sky(sky) => self.skies.push(sky),
            Meaning::Tone(tone) => self.tones.push(tone),
            Meaning::Tint(web) => self.tint = self.tint.or(Some(hex(web))),
            Meaning::Count(count) => self.count = self.count.or(Some(count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_and_chinese_say_the_same() {
        for prompt in ["A fox in the snow at NIGHT.", "雪夜里的狐狸"] {
            let wishes = read(prompt);
            assert_eq!(wishes.subjects, [Subject::Fox], "{prompt}");
            assert_eq!(wishes.time, Some(Time::Night));
            assert_eq!(wishes.weather, Some(Weather::Snow));
        }
        assert_eq!(read("城市的日落").place, Some(Place::City));
        assert_eq!(read("两只猫").count, Some(2));
    }

    #[test]
    fn english_words_are_matched_whole() {
        let wishes = read("concatenate the foxglove's daydreams");
        assert_eq!(wishes, Wishes::default());
        assert_eq!(read("black and white").style, Some(Style::Monochrome));
    }

    #[test]
    fn subjects_keep_the_order_of_the_words() {
        let wishes = read("a boat, a lighthouse and a cat");
        assert_eq!(wishes.subjects, [Subject::Boat, Subject::Lighthouse, Subject::Cat]);
        assert_eq!(wishes.labels, ["boat", "lighthouse", "cat"]);
    }
}
