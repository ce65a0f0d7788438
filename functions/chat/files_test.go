package chat

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"dangol/shared/platform/clock"
)

// signer signs for a bucket behind an endpoint, "" for the real S3.
func signer(endpoint string) files {
	return newFiles(aws.Config{Region: "ap-northeast-2",
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")}, "chat-files", endpoint,
		clock.Stopped(panelTime))
}

func TestASignedAddressIsForOneFileAndForAWhile(t *testing.T) {
	t.Parallel()
	for endpoint, host := range map[string]string{
		"":                    "chat-files.s3.ap-northeast-2.amazonaws.com/chat/1/a.png",
		"http://127.0.0.1:9/": "127.0.0.1:9/chat-files/chat/1/a.png",
	} {
		up, err := signer(endpoint).Upload(t.Context(), "chat/1/a.png", "image/png", 123, 5*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(up)
		if err != nil || u.Host+u.Path != host {
			t.Fatalf("to %q it is %s, %v", endpoint, up, err)
		}
		q := u.Query()
		// Type and size are signed: another file cannot be put there.
		if signed := strings.Split(q.Get("X-Amz-SignedHeaders"), ";"); !slices.Contains(signed, "content-type") ||
			!slices.Contains(signed, "content-length") || q.Get("X-Amz-Expires") != "300" ||
			q.Get("X-Amz-Date") != panelTime.Format("20060102T150405Z") {
			t.Errorf("the upload is signed for %v", q)
		}
		larger, err := signer(endpoint).Upload(t.Context(), "chat/1/a.png", "image/png", 124, 5*time.Minute)
		if err != nil || larger == up {
			t.Errorf("a larger file has the same address, %v", err)
		}
		down, err := signer(endpoint).Download(t.Context(), "chat/1/a.png", time.Minute)
		if err != nil || !strings.Contains(down, "response-content-disposition=attachment") ||
			!strings.Contains(down, "X-Amz-Expires=60") {
			t.Errorf("the download is %s, %v", down, err)
		}
	}
}

func TestFilesAreRemovedAndWhatFailsIsSaid(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		status map[string]int // of a key, 204 for others
		asked  int
		wrong  string
	}{
		{"all", nil, 3, ""},
		{"one that is gone", map[string]int{"b": 404}, 3, ""},
		{"one that is refused", map[string]int{"b": 403}, 2, "403 Forbidden"},
		{"S3 that fails", map[string]int{"a": 503}, 1, "503 Service Unavailable"},
	} {
		var mu sync.Mutex
		var asked []string
		s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			key := strings.TrimPrefix(r.URL.Path, "/chat-files/")
			asked = append(asked, r.Method+" "+key)
			status := test.status[key]
			if status == 0 {
				status = 204
			}
			w.WriteHeader(status)
		}))
		err := signer(s3.URL).Remove(t.Context(), "a", "b", "c")
		s3.Close()
		if test.wrong == "" && err != nil || test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)) {
			t.Errorf("%s: %v", test.name, err)
		}
		if want := []string{"DELETE a", "DELETE b", "DELETE c"}[:test.asked]; !slices.Equal(asked, want) {
			t.Errorf("%s: S3 was asked %v, want %v", test.name, asked, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := signer("http://127.0.0.1:9").Remove(ctx, "a"); err == nil {
		t.Error("a removal that nobody answered counts as done")
	}
}
