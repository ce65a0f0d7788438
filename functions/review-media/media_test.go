package reviewmedia_test

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"dangol/events"
	reviewmedia "dangol/functions/review-media"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/event"
	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/review"
	"dangol/shared/review/picture"
	"dangol/shared/review/store"
)

var noon = time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)

// studio is the function with a bucket and one review of Ann's.
type studio struct {
	*reviewmedia.Media
	t      *testing.T
	clock  *clock.Movable
	client *s3.Client
	review *review.Review
	path   string
}

func open(t *testing.T) *studio {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("media"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	client := s3.New(s3.Options{
		BaseEndpoint: &server.URL, UsePathStyle: true, Region: "us-east-1",
		Credentials:                credentials.NewStaticCredentialsProvider("k", "s", ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
	at := clock.Stopped(noon)
	bucket := reviewmedia.Bucket{Client: client, Presign: s3.NewPresignClient(client), Name: "media"}
	f := reviewmedia.With(localtest.Table(t, table.Care), localtest.Table(t, table.Commerce), at, bucket)
	s := &studio{Media: f, t: t, clock: at, client: client}
	s.write()
	return s
}

// write stores an order of Ann's and its review.
func (s *studio) write() {
	s.t.Helper()
	d := order.Draft{
		CustomerID: "cust-ann", Email: "ann@example.com", Language: "ko",
		Lines:  table.List[order.Line]{{ID: "line_1", ProductID: "prod_1", VariantID: "var_1", Quantity: 1}},
		Totals: order.Totals{Totals: pricing.Totals{Currency: "KRW", Total: 9_000}},
	}
	o := order.New(order.NewID(noon), "chk_1", d, order.Payment{State: order.PayCaptured}, noon)
	if err := s.Orders.Table.Transact(s.t.Context(), "", s.Orders.Place(o)); err != nil {
		s.t.Fatal(err)
	}
	s.review = &review.Review{
		ID: s.Store.NewID(), ProductID: "prod_1", OrderID: o.ID, LineID: "line_1", AuthorID: "cust-ann",
		State:   review.Published,
		Content: review.Content{Stars: 5, Text: "좋아요", Language: "ko"}, Written: noon, Delivered: noon, Verified: true,
	}
	sc, err := s.Store.Screen(s.t.Context(), s.review, nil, store.AccountLinks{})
	if err == nil {
		err = s.Store.Create(s.t.Context(), s.review, sc, false, store.Effect{})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.path = "/products/prod_1/reviews/" + s.review.ID + "/media"
}

func (s *studio) ann() *apitest.Client {
	return apitest.New(s.t, s.Service(api.Options{Clock: s.clock, Verify: apitest.Verify}).Lambda()).As(apitest.Ann)
}

// ticket is the answer to a request for an address.
type ticket struct {
	MediaID string             `json:"mediaId"`
	Upload  reviewmedia.Upload `json:"upload"`
}

func (s *studio) ask(kind, mime string, size int) (t ticket) {
	s.t.Helper()
	s.ann().Do("POST", s.path, map[string]any{"kind": kind, "type": mime, "size": size}).Want(201).Into(&t)
	return t
}

// send uploads as a browser does.
func (s *studio) send(t ticket, body []byte) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), t.Upload.Method, t.Upload.URL, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range t.Upload.Headers {
		req.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("upload: %s", answer.Status)
	}
}

func (s *studio) complete(t ticket) *apitest.Response {
	s.t.Helper()
	return s.ann().Do("POST", s.path+"/"+t.MediaID+"/complete", nil)
}

func (s *studio) keys() string {
	s.t.Helper()
	out, err := s.client.ListObjectsV2(s.t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("media")})
	if err != nil {
		s.t.Fatal(err)
	}
	var keys []string
	for _, o := range out.Contents {
		keys = append(keys, aws.ToString(o.Key))
	}
	return strings.Join(keys, " ")
}

func (s *studio) summary() review.Tally {
	s.t.Helper()
	_, drift, err := s.Store.Recount(s.t.Context(), "prod_1")
	if err != nil || drift != nil {
		s.t.Fatalf("drift %+v, %v", drift, err)
	}
	sum, err := s.Store.Summary(s.t.Context(), "prod_1")
	if err != nil {
		s.t.Fatal(err)
	}
	return sum.Tally
}

func photo(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAPhotoIsUploadedEncodedAnewAndShown(t *testing.T) {
	t.Parallel()
	s := open(t)
	file := append(photo(t, 800, 600), "PK\x03\x04 hidden"...)
	ticket := s.ask("photo", "image/jpeg", len(file))
	s.complete(ticket).WantProblem(409, "not_uploaded")
	s.send(ticket, file)
	var m review.Media
	s.complete(ticket).Want(200).Into(&m)
	s.complete(ticket).Want(200) // the answer was lost
	if m.State != review.MediaPublished || m.Width != 800 || m.Thumbnail == "" {
		t.Fatalf("media %+v", m)
	}
	if got := s.keys(); got != "public/"+m.Key+" public/"+m.Thumbnail {
		t.Errorf("objects %s", got)
	}
	if s.summary()["photos"] != 1 {
		t.Error("the summary does not count the photo")
	}
	s.ann().Do("DELETE", s.path+"/"+m.ID, nil).Want(204)
	if got := s.keys(); got != "" || s.summary()["photos"] != 0 {
		t.Errorf("after the removal: %s", got)
	}
}

func TestUploadsThatAreNotWhatTheySayAreRefusedAndDeleted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, kind, mime, code string
		file                   []byte
	}{
		{"a page", "photo", "image/png", "not_a_photo", []byte("<html><script>alert(1)</script>")},
		{"a JPEG that says it is a PNG", "photo", "image/png", "not_a_photo", photo(t, 100, 100)},
		{"more bytes than allowed", "photo", "image/jpeg", "photo_too_large", make([]byte, picture.MaxPhotoBytes+1)},
		{"a ZIP file as a video", "video", "video/mp4", "not_a_video", []byte("PK\x03\x04 not a video at all")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			ticket := s.ask(tt.kind, tt.mime, 1000) // what it says; the address of AWS takes no other size
			s.send(ticket, tt.file)
			s.complete(ticket).WantProblem(422, tt.code)
			if got := s.keys(); got != "" {
				t.Errorf("left behind: %s", got)
			}
			s.send(ticket, photo(t, 100, 100)) // another file can take its place
			if tt.mime == "image/jpeg" {
				s.complete(ticket).Want(200)
			}
		})
	}
}

func TestWhoMayUploadWhat(t *testing.T) {
	t.Parallel()
	s := open(t)
	body := map[string]any{"kind": "photo", "type": "image/jpeg", "size": 1000}
	handler := s.Service(api.Options{Clock: s.clock, Verify: apitest.Verify}).Lambda()
	for who, client := range map[string]*apitest.Client{
		"another customer": apitest.New(t, handler).As(apitest.Bob), "an agent": apitest.New(t, handler).As(apitest.Agent),
		"a guest": apitest.New(t, handler),
	} {
		if r := client.Do("POST", s.path, body); r.Status != 404 {
			t.Errorf("%s: %d", who, r.Status)
		}
	}
	s.ann().Do("POST", s.path, map[string]any{"kind": "photo", "type": "video/mp4", "size": 10}).WantField("/type")
	s.ann().Do("POST", s.path, map[string]any{"kind": "photo", "type": "image/jpeg",
		"size": picture.MaxPhotoBytes + 1}).WantField("/size")
	for range review.MaxPhotos {
		s.ask("photo", "image/jpeg", 1000)
	}
	s.ann().Do("POST", s.path, body).WantProblem(409, "too_many_media")
	s.clock.Advance(time.Hour) // uploads that never came make room
	s.ask("photo", "image/jpeg", 1000)
}

func TestTheFilesOfADeletedReviewAreDeleted(t *testing.T) {
	t.Parallel()
	s := open(t)
	file := photo(t, 100, 100)
	ticket := s.ask("photo", "image/jpeg", len(file))
	s.send(ticket, file)
	s.complete(ticket).Want(200)
	_, err := s.Store.Change(t.Context(), store.ReviewID{ProductID: "prod_1", ReviewID: s.review.ID},
		func(r *review.Review) (store.Effect, bool, error) {
			r.State = review.Deleted
			return store.Effect{}, true, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	e, err := event.New(t.Context(), noon, events.ReviewUnpublished{
		ReviewRef: events.ReviewRef{ReviewID: s.review.ID, ProductID: "prod_1"}, State: "deleted",
	})
	if err != nil {
		t.Fatal(err)
	}
	h := function.Handlers{Events: s.Consumers(), Log: slog.New(slog.DiscardHandler)}.Lambda()
	for range 2 {
		if _, err := h.Invoke(context.Background(), envelope(t, e)); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.keys(); got != "" {
		t.Errorf("left behind: %s", got)
	}
}

func TestTheFilesOfARejectedPhotoAreDeleted(t *testing.T) {
	t.Parallel()
	s := open(t)
	file := photo(t, 64, 64)
	kept, bad := s.ask("photo", "image/jpeg", len(file)), s.ask("photo", "image/jpeg", len(file))
	for _, sent := range []ticket{kept, bad} {
		s.send(sent, file)
		s.complete(sent).Want(200)
	}
	h := function.Handlers{Events: s.Consumers(), Log: slog.New(slog.DiscardHandler)}.Lambda()
	i := store.ReviewID{ProductID: "prod_1", ReviewID: s.review.ID}
	reject := func(r *review.Review) (e store.Effect, changed bool, err error) {
		r.Media[r.MediaByID(bad.MediaID)].State = review.MediaRejected
		return e, true, nil
	}
	tell := func() {
		t.Helper()
		e, err := event.New(t.Context(), noon, events.ReviewMediaRejected{
			ReviewRef: store.Ref(s.review), MediaID: bad.MediaID, Kind: "photo", Reason: "image",
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Invoke(t.Context(), envelope(t, e)); err != nil {
			t.Fatal(err)
		}
	}
	tell() // late: it is published again
	if got := strings.Fields(s.keys()); len(got) != 4 {
		t.Fatalf("objects of what is shown were deleted: %v", got)
	}
	if _, err := s.Store.Change(t.Context(), i, reject); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		tell()
	}
	if got := s.keys(); strings.Contains(got, bad.MediaID) || !strings.Contains(got, kept.MediaID) {
		t.Errorf("objects %s", got)
	}
	if s.summary()["photos"] != 1 {
		t.Error("the summary counts the rejected photo")
	}
}
