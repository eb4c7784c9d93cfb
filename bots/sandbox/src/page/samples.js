/** A few made-up pictures, drawn here, so that nobody has to look for a file. */

/** Pixels of a sample, as a phone's small photo. */
const WIDTH = 960;
const HEIGHT = 720;

/** Even chance from a seed, so that a sample is the same picture every time. */
function chance(seed) {
  let at = seed;
  return () => {
    at = (at * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return at / 4_294_967_296;
  };
}

function fade(paint, from, to, ...stops) {
  const gradient = paint.createLinearGradient(0, from, 0, to);
  stops.forEach((colour, at) => gradient.addColorStop(at / (stops.length - 1), colour));
  return gradient;
}

function round(paint, x, y, radius, colour) {
  paint.fillStyle = colour;
  paint.beginPath();
  paint.arc(x, y, radius, 0, Math.PI * 2);
  paint.fill();
}

function shape(paint, colour, points) {
  paint.fillStyle = colour;
  paint.beginPath();
  points.forEach(([x, y], at) => (at ? paint.lineTo(x, y) : paint.moveTo(x, y)));
  paint.fill();
}

/** A ridge of hills from one side to the other. */
function ridge(paint, base, height, colour, random) {
  const phase = random() * 6;
  const points = [[0, HEIGHT]];
  for (let x = 0; x <= WIDTH; x += 12) {
    const wave = Math.sin(x / 170 + phase) + 0.45 * Math.sin(x / 61 + phase * 3);
    points.push([x, base - wave * height]);
  }
  shape(paint, colour, [...points, [WIDTH, HEIGHT]]);
}

function lake(paint) {
  const random = chance(7);
  paint.fillStyle = fade(paint, 0, 460, "#31406b", "#c86f6a", "#f7c98b");
  paint.fillRect(0, 0, WIDTH, HEIGHT);
  round(paint, 660, 330, 58, "#fff1cf");
  ridge(paint, 400, 58, "#6b5674", random);
  ridge(paint, 455, 40, "#48405f", random);
  paint.fillStyle = fade(paint, 480, HEIGHT, "#d99a80", "#51507a", "#242a4a");
  paint.fillRect(0, 480, WIDTH, HEIGHT);
  for (let line = 0; line < 90; line += 1) {
    const y = 486 + random() * 225;
    paint.fillStyle = `rgba(255, 235, 200, ${0.05 + random() * 0.14})`;
    paint.fillRect(660 + (random() - 0.5) * (y - 440) * 1.9, y, 20 + random() * 90, 2.4);
  }
  shape(paint, "#1c1f38", [
    [120, 560],
    [330, 560],
    [300, 592],
    [152, 592],
  ]);
  shape(paint, "#f4ead8", [
    [220, 430],
    [222, 552],
    [312, 552],
  ]);
}

function cat(paint) {
  paint.fillStyle = fade(paint, 0, HEIGHT, "#f3d9b8", "#e9b98a");
  paint.fillRect(0, 0, WIDTH, HEIGHT);
  paint.fillStyle = fade(paint, 60, 520, "#9fd0dc", "#e7f3ec");
  paint.fillRect(190, 60, 580, 470);
  round(paint, 640, 160, 46, "#fff6d8");
  paint.strokeStyle = "#8a5a3c";
  paint.lineWidth = 22;
  paint.strokeRect(190, 60, 580, 470);
  paint.fillStyle = "#8a5a3c";
  paint.fillRect(472, 60, 16, 470);
  paint.fillRect(130, 530, 700, 46);
  const fur = "#3a3436";
  paint.fillStyle = fur;
  paint.beginPath();
  paint.ellipse(420, 440, 104, 130, 0, 0, Math.PI * 2);
  paint.fill();
  round(paint, 420, 292, 84, fur);
  shape(paint, fur, [
    [346, 264],
    [352, 168],
    [412, 218],
  ]);
  shape(paint, fur, [
    [494, 264],
    [488, 168],
    [428, 218],
  ]);
  for (const x of [388, 452]) {
    round(paint, x, 288, 16, "#ffd76a");
    round(paint, x, 288, 7, "#1d1a1b");
  }
  shape(paint, "#e8a0a0", [
    [411, 318],
    [429, 318],
    [420, 330],
  ]);
  paint.strokeStyle = fur;
  paint.lineWidth = 34;
  paint.lineCap = "round";
  paint.beginPath();
  paint.moveTo(500, 520);
  paint.bezierCurveTo(640, 560, 660, 640, 590, 680);
  paint.stroke();
}

function still(paint) {
  paint.fillStyle = fade(paint, 0, 480, "#31585a", "#5f8d86");
  paint.fillRect(0, 0, WIDTH, 480);
  paint.fillStyle = fade(paint, 460, HEIGHT, "#d9b48a", "#a8764f");
  paint.fillRect(0, 460, WIDTH, HEIGHT);
  paint.fillStyle = "rgba(30, 20, 10, 0.22)";
  paint.beginPath();
  paint.ellipse(500, 596, 340, 40, 0, 0, Math.PI * 2);
  paint.fill();
  shape(paint, "#f3ede2", [
    [270, 250],
    [430, 250],
    [470, 580],
    [230, 580],
  ]);
  shape(paint, "#d8cfbf", [
    [390, 250],
    [430, 250],
    [470, 580],
    [410, 580],
  ]);
  const random = chance(3);
  for (let stem = 0; stem < 9; stem += 1) {
    const x = 350 + (stem - 4) * 34;
    const y = 120 + Math.abs(stem - 4) * 22 + random() * 26;
    paint.strokeStyle = "#26402f";
    paint.lineWidth = 6;
    paint.beginPath();
    paint.moveTo(350, 256);
    paint.quadraticCurveTo(350 + (stem - 4) * 12, 200, x, y);
    paint.stroke();
    for (let leaf = 0; leaf < 6; leaf += 1) {
      const turn = (leaf * Math.PI) / 3;
      round(
        paint,
        x + Math.cos(turn) * 17,
        y + Math.sin(turn) * 17,
        15,
        stem % 2 ? "#f2c14e" : "#e4674b",
      );
    }
    round(paint, x, y, 11, "#6b3a22");
  }
  for (const [x, y, radius, colour] of [
    [610, 530, 66, "#c8452f"],
    [724, 540, 58, "#e0902f"],
    [668, 452, 54, "#8fae4a"],
  ]) {
    round(paint, x, y, radius, colour);
    round(paint, x - radius * 0.3, y - radius * 0.35, radius * 0.24, "rgba(255, 255, 255, 0.35)");
  }
}

function street(paint) {
  const random = chance(21);
  paint.fillStyle = fade(paint, 0, HEIGHT, "#171b3a", "#3b3163", "#8a4d74");
  paint.fillRect(0, 0, WIDTH, HEIGHT);
  round(paint, 770, 130, 50, "#f7efd5");
  for (let house = 0; house < 12; house += 1) {
    const x = house * 84 - 20;
    const top = 210 + random() * 190;
    paint.fillStyle = house % 2 ? "#20234a" : "#2a2450";
    paint.fillRect(x, top, 92, HEIGHT);
    for (let row = top + 18; row < 590; row += 34) {
      for (let column = x + 12; column < x + 78; column += 24) {
        if (random() < 0.42) continue;
        paint.fillStyle = random() < 0.75 ? "#ffd98a" : "#8fd3e8";
        paint.fillRect(column, row, 12, 18);
      }
    }
  }
  paint.fillStyle = fade(paint, 600, HEIGHT, "#15172e", "#0c0d1d");
  paint.fillRect(0, 600, WIDTH, HEIGHT);
  for (let lamp = 0; lamp < 60; lamp += 1) {
    paint.fillStyle = `rgba(255, 200, 120, ${random() * 0.3})`;
    paint.fillRect(random() * WIDTH, 604 + random() * 110, 60 * random(), 3);
  }
}

const SAMPLES = { lake, cat, still, street };
const drawn = new Map();

export const sampleNames = Object.keys(SAMPLES);

/** A sample as a file to send, and an address to show it by. */
export async function sample(name) {
  if (!drawn.has(name)) drawn.set(name, drawSample(name));
  return drawn.get(name);
}

async function drawSample(name) {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  SAMPLES[name](canvas.getContext("2d"));
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
  const file = new File([blob], `${name}.jpg`, { type: "image/jpeg" });
  return { file, url: URL.createObjectURL(file) };
}
