/* Pictures: the time line, who mailed whom, and the ladder of a session. */

/* ---- the time line ---- */

const LANES = [['sessions', 'Sessions', [0]], ['mails', 'Mails', [1]], ['alerts', 'Alerts', [2, 3, 4]]];
const LANE_HEIGHT = 38, LANE_GAP = 10, LABEL_WIDTH = 74, AXIS_HEIGHT = 22;
const ALERT_BARS = ['bar-high', 'bar-medium', 'bar-low'];

class TimeLine {
  constructor(histogram) {
    Object.assign(this, histogram);
    this.end = this.start + Math.max(1, this.bins.length) * this.width;
    this.height = LANES.length * (LANE_HEIGHT + LANE_GAP) + AXIS_HEIGHT;
    this.picture = svg('svg', { role: 'slider', tabindex: '0', 'aria-label': 'Time line: drag, or use the arrow keys, to select a range',
      'aria-valuetext': 'all', height: this.height, on: {
        pointerdown: (e) => this.down(e), pointermove: (e) => this.move(e), pointerup: () => this.up(), keydown: (e) => this.key(e),
        pointerleave: () => this.say(null) } });
    this.words = el('span', null, '');
    this.hint = el('span', null, 'Drag to select a range of time.');
    this.element = el('div', { class: 'panel time' }, this.picture, el('div', { class: 'said' }, this.words, this.hint));
    state.listeners.push(() => this.brush());
    new ResizeObserver(() => this.draw()).observe(this.element);
    this.say(null);
  }

  /* columns - bins put together, so that a bar is three pixels wide or more. */
  columns(room) {
    const each = Math.max(1, Math.ceil(this.bins.length / Math.max(1, Math.floor(room / 4))));
    const found = [];
    for (let at = 0; at < this.bins.length; at += each)
      found.push(this.bins.slice(at, at + each).reduce((sum, bin) => sum.map((n, i) => n + bin[i]), [0, 0, 0, 0, 0]));
    this.each = each * this.width;
    return found;
  }

  x(time) {
    return LABEL_WIDTH + Math.min(1, Math.max(0, (time - this.start) / (this.end - this.start))) * this.room;
  }

  timeAt(event) {
    const box = this.picture.getBoundingClientRect();
    const part = (event.clientX - box.left - LABEL_WIDTH) / Math.max(1, this.room);
    return this.start + Math.min(1, Math.max(0, part)) * (this.end - this.start);
  }

  draw() {
    const width = this.picture.clientWidth;
    if (!width)
      return;
    this.room = width - LABEL_WIDTH;
    this.picture.replaceChildren();
    const columns = this.columns(this.room);
    const step = this.room / Math.max(1, (this.end - this.start) / this.each);
    LANES.forEach(([, title, kinds], lane) => {
      const floor = (lane + 1) * (LANE_HEIGHT + LANE_GAP) - LANE_GAP / 2;
      const sum = (column) => kinds.reduce((n, kind) => n + column[kind], 0);
      const most = Math.max(1, ...columns.map(sum));
      this.picture.append(svg('text', { x: 0, y: floor - LANE_HEIGHT / 2 }, title),
        svg('text', { x: 0, y: floor - LANE_HEIGHT / 2 + 14 }, 'max ' + count(Math.max(0, ...columns.map(sum)))),
        svg('line', { class: 'axis', x1: LABEL_WIDTH, x2: width, y1: floor, y2: floor }));
      columns.forEach((column, i) => {
        let top = floor;
        const all = sum(column), whole = Math.max(3, Math.sqrt(all / most) * LANE_HEIGHT);
        kinds.forEach((kind, k) => {
          if (!column[kind])
            return;
          const high = whole * column[kind] / all;
          top -= high;
          this.picture.append(svg('rect', { class: kinds.length > 1 ? ALERT_BARS[k] : 'bar-' + LANES[lane][0],
            x: LABEL_WIDTH + i * step, width: Math.max(2, step - 1), y: top, height: high, rx: 1 }));
        });
      });
    });
    this.axis(width);
    this.band = svg('rect', { class: 'brush', y: 0, height: this.height - AXIS_HEIGHT });
    this.edges = [svg('line', { class: 'brush-edge' }), svg('line', { class: 'brush-edge' })];
    this.picture.append(this.band, ...this.edges);
    this.brush();
  }

  axis(width) {
    const marks = Math.max(2, Math.floor(this.room / 170));
    const span = this.end - this.start;
    for (let i = 0; i <= marks; i++) {
      const time = this.start + span * i / marks;
      this.picture.append(svg('text', { x: this.x(time), y: this.height - 5, 'text-anchor': i === 0 ? 'start' : i === marks ? 'end' : 'middle' },
        this.label(time, span)));
    }
  }

  label(time, span) {
    if (span > 2 * 86400e6)
      return moment(time, 0).slice(0, 10);
    return moment(time, span < 5e6 ? 3 : 0).slice(11);
  }

  brush() {
    if (!this.band)
      return;
    const [from, to] = state.range || [this.start, this.start];
    const x = this.x(from), end = this.x(to), shown = Boolean(state.range);
    this.band.setAttribute('x', x);
    this.band.setAttribute('width', shown ? Math.max(1, end - x) : 0);
    this.edges.forEach((edge, i) => {
      for (const [name, value] of [['x1', i ? end : x], ['x2', i ? end : x], ['y1', 0], ['y2', shown ? this.height - AXIS_HEIGHT : 0]])
        edge.setAttribute(name, value);
    });
    this.picture.setAttribute('aria-valuetext', shown ? moment(from, 3) + ' to ' + moment(to, 3) : 'all');
    this.say(null);
  }

  /* say - what is in a range: the one selected, or one column. */
  say(time) {
    let from = this.start, to = this.end;
    if (time !== null) {
      from = this.start + Math.floor((time - this.start) / this.each) * this.each;
      to = from + this.each;
    } else if (state.range) {
      [from, to] = state.range;
    }
    const sum = [0, 0, 0, 0, 0];
    this.bins.forEach((bin, i) => {
      const at = this.start + i * this.width;
      if (at + this.width > from && at < to)
        bin.forEach((n, k) => { sum[k] += n; });
    });
    this.words.textContent = moment(from, 3) + ' ' + DASH + ' ' + moment(to, 3).slice(moment(from, 0).slice(0, 10) === moment(to, 0).slice(0, 10) ? 11 : 0) +
      ' (' + duration(to - from) + '): ' + plural(sum[0], 'session') + ', ' + plural(sum[1], 'mail') + ', ' + plural(sum[2] + sum[3] + sum[4], 'alert');
  }

  down(event) {
    this.picture.setPointerCapture(event.pointerId);
    this.anchor = this.timeAt(event);
    this.dragged = false;
  }

  move(event) {
    const time = this.timeAt(event);
    if (this.anchor === undefined) {
      this.say(time);
      return;
    }
    this.dragged = this.dragged || Math.abs(this.x(time) - this.x(this.anchor)) > 3;
    this.live = [Math.min(time, this.anchor), Math.max(time, this.anchor)];
    if (this.dragged) {
      state.range = this.live;
      this.brush();
    }
  }

  up() {
    if (this.anchor === undefined)
      return;
    this.anchor = undefined;
    setRange(this.dragged ? this.live : null);
  }

  key(event) {
    const step = (this.end - this.start) / 50 * (event.key === 'ArrowLeft' ? -1 : 1);
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight')
      return;
    const [from, to] = state.range || [this.start, this.start + (this.end - this.start) / 10];
    setRange(!state.range ? [from, to] : event.shiftKey ? [from, Math.max(from + Math.abs(step), to + step)] : [from + step, to + step]);
    event.preventDefault();
  }
}

/* ---- who mailed whom ---- */

const NODES_MAX = 16, NODE_GAP = 8, NODE_WIDTH = 9, OTHERS = 'others';

/* side - the largest domains of one side; the others become one node. */
function side(pairs, at) {
  const sums = new Map();
  for (const pair of pairs)
    sums.set(pair[at], (sums.get(pair[at]) || 0) + pair[2]);
  const sorted = [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const nodes = sorted.slice(0, NODES_MAX).map(([name, sum]) => ({ name, sum }));
  const rest = sorted.slice(NODES_MAX);
  if (rest.length > 0)
    nodes.push({ name: OTHERS, title: plural(rest.length, 'other domain'), sum: rest.reduce((n, r) => n + r[1], 0) });
  return nodes;
}

/* place - positions the nodes; heights are proportional to the mails, with a minimum. */
function place(nodes, height) {
  const all = nodes.reduce((n, node) => n + node.sum, 0);
  const room = height - NODE_GAP * (nodes.length - 1) - 14 * nodes.length;
  let y = 0;
  for (const node of nodes) {
    node.y = y;
    node.height = 14 + Math.max(0, room) * node.sum / Math.max(1, all);
    node.used = 0;
    y += node.height + NODE_GAP;
  }
}

function mailGraph(pairs, pickDomain) {
  const picture = svg('svg', { role: 'img', 'aria-label': 'Which domains mailed which' });
  const draw = () => {
    const width = picture.clientWidth;
    if (!width)
      return;
    const from = side(pairs, 0), to = side(pairs, 1);
    const height = Math.max(110, 32 * Math.max(from.length, to.length));
    picture.setAttribute('height', height + 4);
    picture.replaceChildren();
    place(from, height);
    place(to, height);
    const left = Math.min(width * 0.36, 300), right = width - left;
    const find = (nodes, name) => nodes.find((node) => node.name === name) || nodes[nodes.length - 1];
    const flows = new Map();
    for (const [a, b, n] of pairs) {
      const source = find(from, a), target = find(to, b), key = from.indexOf(source) + ' ' + to.indexOf(target);
      const flow = flows.get(key) || { source, target, n: 0 };
      flow.n += n;
      flows.set(key, flow);
    }
    const sorted = [...flows.values()].sort((a, b) => a.source.y - b.source.y || a.target.y - b.target.y);
    for (const flow of sorted) {
      const thick = [flow.source, flow.target].map((node) => node.height * flow.n / node.sum);
      const y = [flow.source, flow.target].map((node, i) => {
        const middle = node.y + node.used + thick[i] / 2;
        node.used += thick[i];
        return middle;
      });
      const middle = (left + right) / 2;
      flow.path = svg('path', { class: 'ribbon', 'stroke-width': Math.max(1.2, Math.min(...thick)),
        d: `M${left + NODE_WIDTH},${y[0]} C${middle},${y[0]} ${middle},${y[1]} ${right - NODE_WIDTH},${y[1]}` },
      svg('title', null, flow.source.name + ARROW + flow.target.name + ': ' + plural(flow.n, 'mail')));
      picture.append(flow.path);
    }
    const light = (node, on) => sorted.forEach((flow) => {
      if (flow.source === node || flow.target === node)
        flow.path.classList.toggle('lit', on);
    });
    for (const [nodes, kind] of [[from, 'from'], [to, 'to']])
      for (const node of nodes) {
        const choose = () => node.name !== OTHERS && pickDomain(node.name);
        const edge = kind === 'from' ? left : right - NODE_WIDTH;
        picture.append(svg('g', { class: 'node ' + kind, tabindex: '0', role: 'button', 'aria-label': node.name + ', ' + plural(node.sum, 'mail'), on: {
          click: choose, keydown: (e) => e.key === 'Enter' && choose(), mouseenter: () => light(node, true), mouseleave: () => light(node, false),
          focus: () => light(node, true), blur: () => light(node, false) } },
        svg('rect', { x: edge, y: node.y, width: NODE_WIDTH, height: node.height, rx: 2 }),
        svg('text', { x: kind === 'from' ? edge - 7 : edge + NODE_WIDTH + 7, y: node.y + node.height / 2 + 4, 'text-anchor': kind === 'from' ? 'end' : 'start' },
          shorten(node.title || node.name, Math.floor(left / 7.2)) + '  ' + count(node.sum))));
      }
  };
  const element = el('div', { class: 'panel graph' }, picture);
  new ResizeObserver(draw).observe(element);
  return element;
}

const shorten = (words, most) => (words.length > most ? words.slice(0, Math.max(1, most - 1)) + '\u2026' : words);

/* ---- the ladder of a session ---- */

const arrow = (assumed) => el('div', { class: 'arrow' + (assumed ? ' assumed' : '') });

const steps = {
  c: (step) => ['', el('div', { class: 'said-line' }, step[4]), arrow()],
  r: (step) => [step[3] >= 400 ? 'refused' : '', el('div', { class: 'said-line' }, el('span', null, (step[5] ? '(not seen, assumed) ' : '') + replyOf(step[4]))), arrow(step[5])],
  a: (step) => {
    const alert = alerts[step[3]];
    if (!alert)
      return ['', el('div', { class: 'box' }, 'An alert that is not listed.')];
    const word = severityWords[alert.severity];
    return [word, el('div', { class: 'box ' + word }, badge(word), ' ', el('b', null, alert.id), ' ', alert.outcome && badge(alert.outcome),
      el('p', null, alert.words), alert.evidence && el('div', { class: 'evidence' }, alert.evidence))];
  },
  m: (step) => {
    const mail = mails[step[3]];
    if (!mail)
      return ['', el('div', { class: 'said-line' }, 'A mail that is not listed.')];
    return ['', el('div', { class: 'said-line' }, '[' + plural(mail.size, 'octet') + ', mail ' + mail.tx + '] ',
      link(mail.subject || '(no subject)', () => showMail(mail)), ' ', outcomeOf(mail)), arrow()];
  },
  u: (step) => ['', el('div', { class: 'box' }, step[4])],
  t: (step) => ['', el('div', { class: 'box' }, step[4])],
};

function ladder(session) {
  const rows = ladderOf(session.index).map((step) => {
    const [kind, ...content] = steps[step[0]](step);
    const told = step[0] !== 'm';
    return el('div', { class: 'step ' + step[0] + ' ' + kind },
      el('span', { class: 'at' }, told ? (step[1] / 1e6).toFixed(6) : ''), el('span', { class: 'packet', title: 'packet' }, told ? '#' + step[2] : ''),
      el('div', { class: 'lane' }, content));
  });
  return el('div', { class: 'ladder' }, el('div', { class: 'ends' }, el('div', { class: 'client' }, endpoint(session.client, session.clientPort)),
    el('div', { class: 'server' }, endpoint(session.server, session.serverPort))), rows,
  session.left > 0 && el('p', { class: 'note' }, plural(session.left, 'more record') + ' of this session are left out.'));
}
