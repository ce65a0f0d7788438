// Command screenshots takes pictures of every mail, so that somebody can look at them: in Korean and English, on a
// desktop and a phone, light and dark. It shows the mails of the tests of package mail, several on one picture, in a
// headless Chromium.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"dangol/shared/mail/texts"
)

// view is what mails are looked at with.
type view struct {
	name          string
	width, height int // of one mail
	flags         []string
}

var views = []view{
	{name: "desktop", width: 640, height: 1060},
	{name: "phone", width: 375, height: 1120},
	{name: "dark", width: 640, height: 1060, flags: []string{"--blink-settings=preferredColorScheme=0"}},
}

// onSheet is how many mails are on one picture, in rows of perRow.
const (
	onSheet = 8
	perRow  = 4
)

// A headless Chromium hangs once in a while, more often on a busy machine: timeout bounds one try of a picture.
const (
	timeout = 30 * time.Second
	tries   = 4
)

func main() {
	from := flag.String("from", "shared/mail/testdata", "folder with the mails, as the tests of package mail write them")
	to := flag.String("to", "dist/screenshots", "folder for the pictures")
	browser := flag.String("browser", "chromium", "a Chromium")
	flag.Parse()
	if err := run(*from, *to, *browser); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run(from, to, browser string) error {
	folder, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	mails, err := pages(from, folder)
	if err != nil {
		return err
	}
	for _, language := range texts.Languages {
		for _, v := range views {
			for i, sheet := range slices.Collect(slices.Chunk(mails[language], onSheet)) {
				name := filepath.Join(folder, fmt.Sprintf("%s-%s-%d", language, v.name, i+1))
				if err := os.WriteFile(name+".html", []byte(contactSheet(sheet, v)), 0o644); err != nil {
					return err
				}
				if err := shoot(browser, name, v); err != nil {
					return err
				}
				fmt.Println(name + ".png")
			}
		}
	}
	return nil
}

// pages writes each mail as a page of its own and returns their names by language.
func pages(from, folder string) (map[string][]string, error) {
	files, err := filepath.Glob(filepath.Join(from, "*.txtar"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no mails in %s", from)
	}
	mails := map[string][]string{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			return nil, err
		}
		for _, f := range archive.Files {
			for _, language := range texts.Languages {
				if !strings.HasSuffix(f.Name, "."+language+".html") {
					continue
				}
				if err := os.WriteFile(filepath.Join(folder, f.Name), f.Data, 0o644); err != nil {
					return nil, err
				}
				mails[language] = append(mails[language], f.Name)
			}
		}
	}
	return mails, nil
}

// contactSheet shows mails side by side, each under its name.
func contactSheet(mails []string, v view) string {
	var b strings.Builder
	b.WriteString(`<!doctype html><meta charset="utf-8"><body style="margin:0;background:#888;display:flex;flex-wrap:wrap;gap:6px">`)
	for _, name := range mails {
		fmt.Fprintf(&b, `<div><div style="font:14px sans-serif;background:#ff0;color:#000">%s</div>`+
			`<iframe src="%s" style="border:0;width:%dpx;height:%dpx"></iframe></div>`, name, name, v.width, v.height)
	}
	return b.String()
}

// shoot takes the picture of a page.
func shoot(browser, name string, v view) (err error) {
	size := fmt.Sprintf("--window-size=%d,%d", perRow*(v.width+6), onSheet/perRow*(v.height+26))
	args := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files",
		"--force-device-scale-factor=0.6", size, "--screenshot=" + name + ".png",
	}, v.flags...)
	for range tries {
		if err = browse(browser, append(args, "file://"+name+".html")); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s: %w", name, err)
}

// browse runs the browser once.
func browse(browser string, args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	command := exec.CommandContext(ctx, browser, args...)
	// The browser's own processes keep the output open after it was killed.
	command.WaitDelay = time.Second
	out, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}
