package reviewmedia_test

import (
	"bytes"
	"net/http"
	"testing"

	reviewmedia "dangol/functions/review-media"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	own := system.Once(ownMedia) // a purchase takes many calls; every caller leaves the review to the next
	system.Check(t, system.Function{
		Spec: reviewmedia.Spec(),
		Routes: system.Routes{
			"addReviewMedia": {Needs: own, Owned: true,
				Bodies: []string{`{"kind":"video","type":"video/mp4","size":1000}`},
				Body:   `{"kind":"photo","type":"image/jpeg","size":1000}`},
			"completeReviewMedia": {Needs: own, Owned: true},
			"removeReviewMedia":   {Needs: own, Owned: true},
		},
		Journey: func(s *system.Shop) {
			b := ownMedia(s)
			showPhoto(s, b)
			s.Try(system.Guest.With("Order-Token", "made-up"), "DELETE", mediaPath(b)+"/"+b.Fill["mediaId"], nil)
			s.Do(b.Owner.Caller, "DELETE", "/products/"+b.Fill["id"]+"/reviews/"+b.Fill["reviewId"], nil)
			s.RunUntilIdle()
		},
	})
}

// showPhoto uploads a photo to the address that the shop gave, completes it, and reads it where everybody can.
func showPhoto(s *system.Shop, b system.Things) {
	file := photo(s.T, 640, 480)
	made := s.Do(b.Owner.Caller, "POST", mediaPath(b),
		map[string]any{"kind": "photo", "type": "image/jpeg", "size": len(file)})
	req, err := http.NewRequestWithContext(s.T.Context(), http.MethodPut, made.Field(s.T, "upload.url"),
		bytes.NewReader(file))
	if err != nil {
		s.T.Fatal(err)
	}
	req.Header.Set("Content-Type", "image/jpeg")
	sent, err := http.DefaultClient.Do(req)
	if err != nil || sent.StatusCode != http.StatusOK {
		s.T.Fatalf("upload: %v, %v", sent, err)
	}
	sent.Body.Close()
	s.Do(b.Owner.Caller, "POST", mediaPath(b)+"/"+made.Field(s.T, "mediaId")+"/complete", nil)
	page := s.Do(system.Guest, "GET", "/products/"+b.Fill["id"]+"/reviews", nil)
	req, err = http.NewRequestWithContext(s.T.Context(), http.MethodGet,
		page.Field(s.T, "reviews.0.mediaUrl")+"/"+page.Field(s.T, "reviews.0.media.0.thumbnail"), nil)
	if err != nil {
		s.T.Fatal(err)
	}
	shown, err := http.DefaultClient.Do(req)
	if err != nil || shown.StatusCode != http.StatusOK || shown.Header.Get("Content-Type") != "image/jpeg" {
		s.T.Fatalf("thumbnail: %v, %v", shown, err)
	}
	shown.Body.Close()
}

func mediaPath(b system.Things) string {
	return "/products/" + b.Fill["id"] + "/reviews/" + b.Fill["reviewId"] + "/media"
}

// ownMedia is a customer's review with a photo that is awaited: {reviewId}, {mediaId}.
func ownMedia(s *system.Shop) system.Things {
	b := system.DeliveredOrder(s)
	line := s.Do(b.Owner.Caller, "GET", "/orders/"+b.Fill["orderId"], nil).Field(s.T, "lines.0.id")
	b.Fill["reviewId"] = s.Do(b.Owner.Caller, "POST", "/reviews", map[string]any{
		"orderId": b.Fill["orderId"], "lineId": line, "stars": 4, "text": system.Unique("좋아요 "),
	}).Field(s.T, "id")
	b.Fill["mediaId"] = s.Do(b.Owner.Caller, "POST", mediaPath(b),
		`{"kind":"photo","type":"image/jpeg","size":1000}`).Field(s.T, "mediaId")
	return b
}
