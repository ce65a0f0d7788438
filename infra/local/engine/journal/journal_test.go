package journal_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dangol/infra/local/engine/journal"
)

func open(t *testing.T, path string) (*journal.Journal[string], []string) {
	t.Helper()
	j, values, err := journal.Open[string](path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j, values
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestJournalRemembersWhatWasPutInOrder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	j, values := open(t, path)
	if len(values) != 0 {
		t.Fatalf("a fresh journal holds %q", values)
	}
	must(t, j.Put("1", "a"), j.Put("2", "b"), j.Put("3", "c"), j.Delete("2"), j.Put("1", "A"), j.Put("2", "again"),
		j.Close())
	if _, got := open(t, path); !slices.Equal(got, []string{"A", "again", "c"}) &&
		!slices.Equal(got, []string{"A", "c", "again"}) {
		t.Errorf("it holds %q", got)
	}
}

func TestJournalIgnoresTheLineAKillCutShortAndRefusesDamageInTheMiddle(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, content string
		want          []string
		fails         bool
	}{
		{"a line without its end", `{"id":"1","value":"a"}` + "\n" + `{"id":"2","val`, []string{"a"}, false},
		{"a whole line without line end is not trusted", `{"id":"1","value":"a"}`, []string{}, false},
		{"a broken line in the middle", "{\"id\n" + `{"id":"1","value":"a"}` + "\n", nil, true},
		{"a value of another type", `{"id":"1","value":7}` + "\n", nil, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "j")
			must(t, os.WriteFile(path, []byte(c.content), 0o600))
			j, got, err := journal.Open[string](path)
			if (err != nil) != c.fails || !slices.Equal(got, c.want) {
				t.Fatalf("values %q, error %v", got, err)
			}
			if err == nil {
				must(t, j.Put("9", "z"), j.Close())
				if _, again := open(t, path); !slices.Contains(again, "z") {
					t.Errorf("after repair it lost a value: %q", again)
				}
			}
		})
	}
}

func TestJournalStaysSmallHoweverOftenAValueChanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	j, _ := open(t, path)
	must(t, j.Put("kept", "first"))
	for i := range 25_000 {
		must(t, j.Put("busy", fmt.Sprint(i)))
	}
	must(t, j.Close())
	info, err := os.Stat(path)
	must(t, err)
	if info.Size() > 500_000 {
		t.Errorf("the file has %d bytes for two values", info.Size())
	}
	if _, got := open(t, path); !slices.Equal(got, []string{"first", "24999"}) {
		t.Errorf("it holds %q", got)
	}
}

func TestJournalWithoutFileKeepsNothing(t *testing.T) {
	t.Parallel()
	j, _ := open(t, "")
	must(t, j.Put("1", "a"), j.Delete("1"), j.Close())
}

func TestJournalReadsValuesBackAlsoAfterTheFileWasWrittenAfresh(t *testing.T) {
	t.Parallel()
	j, _ := open(t, filepath.Join(t.TempDir(), "j"))
	must(t, j.Put("kept", "from the beginning"))
	for n := range 25_000 { // enough outdated lines for two compactions
		must(t, j.Put("changed", fmt.Sprint("value ", n)))
	}
	must(t, j.Put("gone", "x"), j.Delete("gone"))
	for id, want := range map[string]string{"kept": "from the beginning", "changed": "value 24999", "gone": ""} {
		if got, ok, err := j.Get(id); err != nil || got != want || ok != (want != "") {
			t.Errorf("%s is %q, %v, %v; want %q", id, got, ok, err, want)
		}
	}
}
