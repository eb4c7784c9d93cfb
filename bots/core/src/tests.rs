//! Rules, as facts, an event, and then what follows: one line each.

mod answers;
mod buttons;
mod commands;
mod customers;
mod desk;
mod errands;
mod fates;
mod gifts;
mod groups;
mod handing;
mod letters;
mod lines;
mod linking;
mod links;
mod members;
mod model;
mod money;
mod newcomers;
mod people;
mod pictures;
mod presses;
mod prompts;
mod references;
mod signing_in;
mod support;
mod world;
