//go:build chromium

package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"dangol/infra/local/runner"
	"dangol/shared/faq/example"
	"dangol/shared/platform/clock"
)

// page is a tab of a headless Chromium.
type page struct {
	t   *testing.T
	ctx context.Context
}

// pageTime bounds the wait for something to show. A machine that runs all tests at once is slow.
const pageTime = 90 * time.Second

// browse opens a tab in a browser of its own.
func browse(t *testing.T, url string, width, height int) page {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("no Chromium on this machine: install chromium, or google-chrome")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.WSURLReadTimeout(pageTime), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(width, height))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	p := page{t, ctx}
	p.run(chromedp.EmulateViewport(int64(width), int64(height)), chromedp.Navigate(url))
	return p
}

func (p page) run(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// eval is the value of an expression on the page.
func eval[T any](p page, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// do runs a statement on the page.
func (p page) do(statement string) {
	p.t.Helper()
	eval[bool](p, "("+statement+", true)")
}

// keys types into what has the focus.
func (p page) keys(text string) {
	p.t.Helper()
	p.run(chromedp.KeyEvent(text))
}

// into types into an element.
func (p page) into(selector, text string) {
	p.t.Helper()
	p.do(fmt.Sprintf("document.querySelector(%q).focus()", selector))
	p.keys(text)
}

// until waits until an expression is true. While a page leads to another one Chromium refuses to evaluate: then it is
// evaluated on the next page.
func (p page) until(expression string) {
	p.t.Helper()
	deadline := time.After(pageTime)
	for {
		yes, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if yes {
			return
		}
		if err != nil && p.ctx.Err() != nil {
			p.t.Fatalf("%s: %v", expression, err)
		}
		select {
		case <-deadline:
			text := eval[string](p, `document.body.innerText + (document.querySelector("dangol-chat")?.shadowRoot?.querySelector("section").innerText ?? "")`+
				`+ "\nfocus " + document.activeElement?.id + ", typed " + document.querySelector("#text")?.value + "\n" `+
				`+ JSON.stringify(performance.getEntriesByType("resource").slice(-6).map((e) => e.name))`)
			p.t.Fatalf("never true: %s (%v)\nthe page shows %.2000s", expression, err, text)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// screenshot keeps a picture of the page when SCREENSHOTS names a folder, and checks that nothing is wider than the
// screen.
func (p page) screenshot(name string) {
	p.t.Helper()
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if eval[bool](p, "document.documentElement.scrollWidth > innerWidth") {
		p.t.Errorf("%s: the page is wider than the screen", name)
	}
	if len(picture) < 1000 {
		p.t.Errorf("%s: a picture of %d bytes", name, len(picture))
	}
	if folder := os.Getenv("SCREENSHOTS"); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
}

// logIn logs an agent in on the log-in page, which leads back.
func (p page) logIn(email string) {
	p.t.Helper()
	p.until(`location.pathname === "/login" && document.querySelector("#group")`)
	p.do(fmt.Sprintf(`document.querySelector("#username").value = %q`, email))
	p.do(`document.querySelector("#group").value = "agent"`)
	p.do(`document.querySelector("form").submit()`)
}

// openNow starts a shop on a Monday at ten in Seoul whose clock runs, so that windows of rates end, with the demo FAQ.
func openNow(t *testing.T) *shop {
	t.Helper()
	s := open(t, func(o *runner.Options) {
		o.Clock = clock.Running(time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC), clock.System{})
	})
	entries, err := json.Marshal(map[string]any{"entries": example.Entries()})
	if err != nil {
		t.Fatal(err)
	}
	s.Do(s.Merchant(), "PUT", "/faq/entries", string(entries))
	s.Do(s.Merchant(), "POST", "/faq/publish", nil)
	return s
}

// darken shows the page as on a screen that prefers dark colors.
func (p page) darken() {
	p.t.Helper()
	p.run(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
		})
		return err
	}))
}

// hardToRead lists the visible texts whose contrast with what is behind them is below 4.5 to 1 (WCAG 2.2, 1.4.3), and
// the buttons and fields lower than 24 pixels (2.5.8).
const hardToRead = `(() => {
	const rgb = (text) => text.match(/[\d.]+/g).map(Number);
	const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const over = (top, under) => top.slice(0, 3).map((v, i) => v * (top[3] ?? 1) + under[i] * (1 - (top[3] ?? 1)));
	const parent = (e) => e.parentElement || (e.getRootNode().host ?? null);
	const behind = (e) => {
		if (!e) return rgb(getComputedStyle(document.documentElement).colorScheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches ? "rgb(18,18,18)" : "rgb(255,255,255)");
		const color = rgb(getComputedStyle(e).backgroundColor);
		return (color[3] ?? 1) === 1 ? color : over(color, behind(parent(e)));
	};
	const found = [];
	const walk = (e) => {
		const style = getComputedStyle(e), box = e.getBoundingClientRect();
		if (style.display === "none" || style.visibility === "hidden") return;
		const own = Array.from(e.childNodes).filter((n) => n.nodeType === 3).map((n) => n.textContent.trim()).join("") || (e.value ?? "");
		if (own && box.width && !["OPTION", "STYLE", "SCRIPT"].includes(e.tagName)) {
			let opacity = 1;
			for (let up = e; up; up = parent(up)) opacity *= Number(getComputedStyle(up).opacity);
			const back = behind(e), front = rgb(style.color);
			const [a, b] = [light(over([...front.slice(0, 3), (front[3] ?? 1) * opacity], back)), light(back)];
			const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
			if (ratio < 4.5) found.push(own.slice(0, 30) + " has a contrast of " + ratio.toFixed(2));
		}
		if (["BUTTON", "INPUT", "SELECT", "TEXTAREA"].includes(e.tagName) && box.width && e.type !== "checkbox" && box.height < 24)
			found.push((e.id || e.textContent || e.tagName) + " is " + box.height + " pixels high");
		for (const child of (e.shadowRoot ?? e).children) walk(child);
	};
	walk(document.body);
	return found;
})()`

// accessible checks that everybody can use what is on the screen: contrasts, sizes, and a name for whatever takes
// input.
func (p page) accessible(name string) {
	p.t.Helper()
	for _, found := range eval[[]string](p, hardToRead) {
		p.t.Errorf("%s: %s", name, found)
	}
	tree, err := chromedp.Run(p.ctx,
		func(ctx context.Context, t *chromedp.Target) (accessibility.GetFullAXTreeResult, error) {
			got, err := cdp.Call(ctx, t, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
			return got, err
		})
	if err != nil {
		p.t.Fatal(err)
	}
	roles := []string{"button", "textbox", "combobox", "link", "checkbox", "dialog", "alertdialog", "log", "navigation"}
	text := func(v *accessibility.Value) (s string) {
		if v != nil {
			_ = json.Unmarshal(v.Value, &s)
		}
		return s
	}
	named := 0
	for _, node := range tree.Nodes {
		role := text(node.Role)
		if node.Ignored || !slices.Contains(roles, role) {
			continue
		}
		named++
		if text(node.Name) == "" {
			p.t.Errorf("%s: a %s without a name", name, role)
		}
	}
	if named == 0 {
		p.t.Errorf("%s: nothing to use", name)
	}
}

// focused names what has the focus: its id, class or text.
const focused = `(() => {
	let e = document.activeElement;
	while (e && e.shadowRoot && e.shadowRoot.activeElement) e = e.shadowRoot.activeElement;
	return e ? e.id || e.className || e.textContent.trim() : "";
})()`

// tab presses the tab key until the focus is on what is named, and fails when it comes round without it.
func (p page) tab(to string) {
	p.t.Helper()
	var seen []string
	for range 60 {
		now := eval[string](p, focused)
		if now == to {
			return
		}
		seen = append(seen, now)
		p.keys("\t")
	}
	p.t.Fatalf("the tab key never comes to %s: %q", to, seen)
}

// showCard waits for the card of a shopper in the queue and opens it by the keyboard.
func (p page) openCard(name string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`Array.from(document.querySelectorAll("#cards button")).some((b) => b.textContent.includes(%q))`,
		name))
	p.do(fmt.Sprintf(`Array.from(document.querySelectorAll("#cards button")).find((b) => b.textContent.includes(%q)).focus()`, name))
	p.keys("\r")
	p.until(fmt.Sprintf(`document.querySelector("#who").textContent === %q && ["text", "who"].includes(document.activeElement.id)`, name))
}

// press presses a button of the agents' page by its id, as the keyboard does.
func (p page) press(id string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`document.getElementById(%q).offsetParent`, id))
	p.do(fmt.Sprintf(`document.getElementById(%q).focus()`, id))
	p.keys("\r")
}

// desk opens the agents' page in a language and logs an agent in.
func (s *shop) desk(t *testing.T, language, name, email string, width, height int) page {
	t.Helper()
	p := browse(t, s.Address()+"/console/chat/index.html", width, height)
	if language != "ko" {
		p.until(`document.querySelector(".language")?.textContent`)
		p.do(`document.querySelector("#login-form .language").click()`)
	}
	p.until(`document.querySelector("#login-form button.main").textContent !== ""`)
	p.into("#name", name+"\r")
	p.logIn(email)
	p.until(`document.querySelector("#desk")?.hidden === false && document.querySelector("#me").textContent !== ""`)
	return p
}
