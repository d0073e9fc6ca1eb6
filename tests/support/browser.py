"""Opens pages in a real browser, headless, without a network: what it shows, asks for and complains about.

    for seen in browser.look({'info': page_bytes}, widths=(1280, 400)):
        seen.name, seen.width, seen.text, seen.tips, seen.scroll_width, seen.sticking_out
"""

import dataclasses
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import urllib.parse

# Looks at each page at each width: a page of ours runs no script, one around it may look inside.
WRAPPER = """<!DOCTYPE html><meta charset="utf-8"><body><script>
const wanted = %s, seen = [];
for (const [name, width] of wanted) {
  const frame = document.createElement('iframe');
  frame.style = `border:0;width:${width}px;height:1600px`;
  frame.onload = () => {
    const page = frame.contentDocument, out = [];
    for (const text of page.querySelectorAll('svg text')) {
      const box = text.getBoundingClientRect(), edge = text.closest('svg').getBoundingClientRect();
      if (box.width && (box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1 ||
          box.bottom > edge.bottom + 1)) out.push(text.textContent);
    }
    seen.push({name, width, text: page.body.innerText, scripts: page.scripts.length,
      tips: [...page.querySelectorAll('svg title')].map(t => t.textContent),
      scroll_width: page.documentElement.scrollWidth, sticking_out: out});
    if (seen.length == wanted.length) document.body.dataset.seen = encodeURIComponent(JSON.stringify(seen));
  };
  frame.src = '/' + name;
  document.body.append(frame);
}
</script>"""


@dataclasses.dataclass
class Seen:
    name: str
    width: int
    text: str
    scripts: int
    tips: list
    scroll_width: int
    sticking_out: list


def find():
    return shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')


def look(pages, widths):
    """Fails when a page asks for anything, or the browser complains about one."""
    asked = []
    wrapper = WRAPPER % json.dumps([(name, width) for name in pages for width in widths])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            page = wrapper.encode() if self.path == '/' else pages.get(self.path[1:])
            self.send_response(404 if page is None else 200)
            self.send_header('Content-Type', 'text/html; charset=utf-8')
            self.end_headers()
            self.wfile.write(page or b'')

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [find(), '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
             '--disable-background-networking', '--disable-component-update', '--no-first-run',
             '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1', f'--user-data-dir={profile}',
             '--enable-logging=stderr', '--window-size=1400,1000', '--dump-dom',
             f'http://127.0.0.1:{server.server_port}/'],
            capture_output=True, text=True, timeout=120)
    server.shutdown()
    complaints = [line for line in done.stderr.splitlines() if 'CONSOLE' in line]
    if complaints:
        raise AssertionError('\n'.join(complaints))
    found = re.search(r'data-seen="([^"]*)"', done.stdout)
    if not found:
        raise AssertionError(f'the browser has seen nothing ({done.returncode}): {done.stderr[-3000:]}')
    strangers = sorted(set(asked) - {'/'} - {f'/{name}' for name in pages} - {'/favicon.ico'})
    if strangers or asked.count('/favicon.ico') > 1:  # the wrapper has no icon
        raise AssertionError(f'asked for {asked}')
    return [Seen(**one) for one in json.loads(urllib.parse.unquote(found.group(1)))]


def picture(page, to, width, height):
    """For people: a screenshot."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run([find(), '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
                        f'--user-data-dir={profile}', '--hide-scrollbars', f'--window-size={width},{height}',
                        f'--screenshot={to}', pathlib.Path(page).absolute().as_uri()],
                       check=True, capture_output=True, timeout=120)
