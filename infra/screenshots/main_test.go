package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dangol/shared/mail/texts"
)

func TestEveryMailIsOnAPictureInEveryLanguageAndView(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	// Stands for a browser: writes an empty picture where it is told to.
	browser := filepath.Join(folder, "browser")
	script := "#!/bin/sh\nfor a in \"$@\"; do case $a in --screenshot=*) : > \"${a#--screenshot=}\";; esac; done\n"
	if err := os.WriteFile(browser, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	const from = "../../shared/mail/testdata"
	if err := run(from, folder, browser); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(from, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range texts.Languages {
		for _, v := range views {
			sheets, err := filepath.Glob(filepath.Join(folder, language+"-"+v.name+"-*.html"))
			if err != nil || len(sheets) == 0 {
				t.Fatalf("no pictures of %s, %s", language, v.name)
			}
			var all strings.Builder
			for _, sheet := range sheets {
				raw, err := os.ReadFile(sheet)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := os.Stat(strings.TrimSuffix(sheet, ".html") + ".png"); err != nil {
					t.Error(err)
				}
				all.Write(raw)
			}
			for _, file := range files {
				kind := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".txtar"), "_mail")
				// Kinds of subscriptions and accounts have a file for all, and a page for each.
				if !strings.Contains(all.String(), kind) && !strings.HasPrefix(kind, "subscription_") {
					t.Errorf("%s, %s: %s is on no picture", language, v.name, kind)
				}
			}
		}
	}
	if err := run(t.TempDir(), folder, browser); err == nil {
		t.Error("a folder without mails is no error")
	}
}
