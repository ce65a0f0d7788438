package file_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dangol/infra/local/file"
)

func TestAWriteThatFailsLeavesTheOldContentAndNamesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "clock")
	if err := file.Write(path, []byte("1h\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := file.Write(path, []byte("2h\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A folder where the new content is to be written first: the write fails half way.
	if err := os.Mkdir(path+".part", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := file.Write(path, []byte("3h\n"), 0o600); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "2h\n" {
		t.Errorf("%q, %v", raw, err)
	}
}

func TestWhatAKilledWriteLeftIsWrittenOver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "issuer.pem")
	if err := os.WriteFile(path+".part", []byte("-----BEGIN PRIV"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := file.Write(path, []byte("key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "key" {
		t.Errorf("%q, %v", raw, err)
	}
	if _, err := os.Stat(path + ".part"); !os.IsNotExist(err) {
		t.Errorf("a part is left: %v", err)
	}
}
