package reviewmedia

import (
	"context"
	"errors"
	"slices"
	"time"

	"dangol/events"
	"dangol/shared/order"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/review"
	"dangol/shared/review/picture"
	"dangol/shared/review/store"
)

// ReviewInput names a review and what opens its order. Exported because Huma fills only exported embedded structs.
type ReviewInput struct {
	ProductID string `path:"id" maxLength:"60" example:"prod_01k9x7d3f8q7m2k"`
	ReviewID  string `path:"reviewId" maxLength:"60" example:"rev_01m80674exnpsz0bg9nw68d4b7"`
	CartToken string `header:"Cart-Token" maxLength:"200" doc:"The token of the guest's cart that was ordered."`
	Token     string `header:"Order-Token" maxLength:"200" doc:"The token from a look-up of the order."`
}

// id names the review in the store.
func (in ReviewInput) id() store.ReviewID {
	return store.ReviewID{ProductID: in.ProductID, ReviewID: in.ReviewID}
}

// authored reads the review for its author. Errors: 404 review_not_found.
func (f *Media) authored(ctx context.Context, in ReviewInput) (*review.Review, error) {
	who := order.Caller{CustomerID: auth.From(ctx).Subject, CartToken: in.CartToken, LookupToken: in.Token}
	r, _, err := f.Store.Authored(ctx, f.Orders, in.id(), who)
	// Photos of what is gone or taken down are not added; the author is told the same as everybody.
	if err == nil && (r.State == review.Deleted || r.State == review.Rejected) {
		err = store.NotFound()
	}
	return r, err
}

// addInput is the announcement of an upload.
type addInput struct {
	ReviewInput
	Body struct {
		Kind string `json:"kind" enum:"photo,video"`
		Type string `json:"type" enum:"image/jpeg,image/png,image/webp,video/mp4,video/quicktime"`
		Size int64  `json:"size" minimum:"1" maximum:"52428800" doc:"Bytes of the file."`
	}
}

// Upload is how a file is sent.
type Upload struct {
	Method    string            `json:"method" example:"PUT"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers" doc:"Send exactly these."`
	ExpiresAt time.Time         `json:"expiresAt"`
}

// addOutput is where to send the file.
type addOutput struct {
	Body struct {
		MediaID string `json:"mediaId"`
		Upload  Upload `json:"upload"`
	}
}

// add makes room for a photo or video in the review and an address to upload it to.
func (f *Media) add(ctx context.Context, in *addInput) (*addOutput, error) {
	if _, err := f.authored(ctx, in.ReviewInput); err != nil {
		return nil, err
	}
	b := in.Body
	if err := picture.Announced(b.Kind, b.Type, b.Size); err != nil {
		return nil, err
	}
	now := f.Clock.Now()
	m := review.Media{ID: id.New("med", now), Kind: b.Kind, Type: b.Type, State: review.MediaUploading, Added: now}
	_, err := f.Store.Change(ctx, in.id(), func(r *review.Review) (e store.Effect, changed bool, err error) {
		r.Media = slices.DeleteFunc(r.Media, func(m review.Media) bool {
			return m.State == review.MediaUploading && now.Sub(m.Added) > uploadFor // never came
		})
		// Rejected ones do not count: the author may send another instead.
		same := 0
		for _, other := range r.Media {
			if other.Kind == b.Kind && other.State != review.MediaRejected {
				same++
			}
		}
		if most := map[string]int{"photo": review.MaxPhotos, "video": review.MaxVideos}[b.Kind]; same >= most ||
			len(r.Media) >= maxMedia {
			return e, false, problem.Conflict("too_many_media", "A review has at most %d photos and %d video.", review.MaxPhotos,
				review.MaxVideos)
		}
		r.Media = append(r.Media, m)
		return e, true, nil
	})
	if err != nil {
		return nil, err
	}
	// Signed after the place is taken, because nothing limits uploads to an address that was given
	// out.
	signed, err := f.Bucket.address(ctx, uploadKey(in.ReviewID, m.ID), b.Type, b.Size)
	if err != nil {
		return nil, err
	}
	out := &addOutput{}
	out.Body.MediaID = m.ID
	out.Body.Upload = Upload{Method: signed.Method, URL: signed.URL, Headers: headersOf(signed.SignedHeader),
		ExpiresAt: now.Add(uploadFor)}
	return out, nil
}

// maxMedia bounds what is kept in a review, rejected ones included.
const maxMedia = 20

// uploadKey is where an upload is until it is checked; a rule of the bucket deletes what stays
// there.
func uploadKey(reviewID, mediaID string) string { return "uploads/" + reviewID + "/" + mediaID }

// mediaInput names a photo or video.
type mediaInput struct {
	ReviewInput
	MediaID string `path:"mediaId" maxLength:"60" example:"med_01m80674exnpsz0bg9nw68d4b7"`
}

// mediaOutput is a photo or video.
type mediaOutput struct {
	Body review.Media
}

// noMedia is the answer for a photo or video that is not there.
func noMedia() error {
	return problem.NotFound("media_not_found", "This review has no such photo or video.")
}

// complete checks an upload, stores what is shown of it, and shows it. Repeating gives the same answer.
func (f *Media) complete(ctx context.Context, in *mediaInput) (*mediaOutput, error) {
	r, err := f.authored(ctx, in.ReviewInput)
	if err != nil {
		return nil, err
	}
	i := r.MediaByID(in.MediaID)
	if i < 0 {
		return nil, noMedia()
	}
	// Checked before, by a request whose answer was lost.
	if r.Media[i].State != review.MediaUploading {
		return &mediaOutput{r.Media[i]}, nil
	}
	// Files are written before the review names them: what nobody names does no harm, a missing
	// file does.
	made, err := f.make(ctx, in.ReviewID, r.Media[i])
	if err != nil {
		return nil, err
	}
	r, err = f.Store.Change(ctx, in.id(), func(r *review.Review) (e store.Effect, changed bool, err error) {
		i := r.MediaByID(in.MediaID)
		if i < 0 {
			return e, false, noMedia()
		}
		// Somebody was faster; both have written the same objects.
		if r.Media[i].State != review.MediaUploading {
			return e, false, nil
		}
		r.Media[i] = made
		return e, true, nil
	})
	if err != nil {
		return nil, err
	}
	// The upload is deleted last. When that fails the bucket's rule deletes it.
	return &mediaOutput{r.Media[r.MediaByID(in.MediaID)]}, f.Bucket.remove(ctx, uploadKey(in.ReviewID, in.MediaID))
}

// make reads an upload and stores what is shown of it. An upload that is refused is deleted, so that another can take
// its place. Errors: 409 not_uploaded, 422 those of package picture.
func (f *Media) make(ctx context.Context, reviewID string, m review.Media) (review.Media, error) {
	key, most := uploadKey(reviewID, m.ID), int64(picture.MaxPhotoBytes)
	if m.Kind == "video" {
		most = picture.MaxVideoBytes
	}
	body, err := f.Bucket.read(ctx, key, most)
	switch {
	case errors.Is(err, errNoUpload):
		return m, problem.Conflict("not_uploaded", "Nothing has been uploaded yet.")
	case errors.Is(err, errTooLarge):
		err = problem.New(422, m.Kind+"_too_large", "The upload is larger than %d bytes.", most)
		return m, errors.Join(err, f.Bucket.remove(ctx, key))
	case err != nil:
		return m, err
	}
	if m.Kind == "video" {
		err = f.makeVideo(ctx, &m, body)
	} else {
		err = f.makePhoto(ctx, &m, body)
	}
	// Only what is wrong with the file itself; after a failure of S3 the client tries again with
	// the same upload.
	if problem.From(err).Status == 422 && err != nil {
		return m, errors.Join(err, f.Bucket.remove(ctx, key))
	}
	m.State = review.MediaPublished
	return m, err
}

// makePhoto stores a photo in two sizes and notes them in m. 2 round trips.
func (f *Media) makePhoto(ctx context.Context, m *review.Media, body []byte) error {
	made, err := picture.Photo(body, m.Type)
	if err != nil {
		return err
	}
	m.Key, m.Thumbnail, m.Type = "reviews/"+m.ID+"/large.jpg", "reviews/"+m.ID+"/thumb.jpg", "image/jpeg"
	m.Width, m.Height = made.Width, made.Height
	if err := f.Bucket.show(ctx, m.Key, m.Type, made.Large); err != nil {
		return err
	}
	return f.Bucket.show(ctx, m.Thumbnail, m.Type, made.Thumb)
}

// makeVideo stores a video without its metadata and notes it in m. 1 round trip.
func (f *Media) makeVideo(ctx context.Context, m *review.Media, body []byte) error {
	clean, err := picture.Video(body)
	if err != nil {
		return err
	}
	m.Key = "reviews/" + m.ID + "/video.mp4"
	return f.Bucket.show(ctx, m.Key, m.Type, clean)
}

// remove takes a photo or video out of the review and deletes its objects.
func (f *Media) remove(ctx context.Context, in *mediaInput) (*struct{}, error) {
	if _, err := f.authored(ctx, in.ReviewInput); err != nil {
		return nil, err
	}
	// Set in the change and used behind it: the objects are deleted only when the review names them
	// no more.
	var gone review.Media
	_, err := f.Store.Change(ctx, in.id(), func(r *review.Review) (e store.Effect, changed bool, err error) {
		i := r.MediaByID(in.MediaID)
		if i < 0 {
			return e, false, nil
		}
		gone = r.Media[i]
		r.Media = slices.Delete(r.Media, i, i+1)
		return e, true, nil
	})
	if err != nil {
		return nil, err
	}
	// The upload too, in case it was never checked.
	return nil, f.Bucket.remove(ctx, append(shown(gone), uploadKey(in.ReviewID, in.MediaID))...)
}

// shown are the objects that are shown of a photo or video.
func shown(m review.Media) (keys []string) {
	for _, key := range []string{m.Key, m.Thumbnail} {
		if key != "" {
			keys = append(keys, public+key)
		}
	}
	return keys
}

// unpublished deletes the files of a review that its author has deleted. Repeating finds nothing to delete.
func (f *Media) unpublished(ctx context.Context, _ event.Envelope, e events.ReviewUnpublished) error {
	if e.State != string(review.Deleted) {
		return nil
	}
	i := store.ReviewID{ProductID: e.ProductID, ReviewID: e.ReviewID}
	r, err := f.Store.Get(ctx, i)
	if problem.Code(err) == "review_not_found" {
		return nil
	}
	// The event may be old.
	if err != nil || r.State != review.Deleted {
		return err // written anew since
	}
	for _, m := range r.Media {
		if err := f.Bucket.remove(ctx, append(shown(m), uploadKey(r.ID, m.ID))...); err != nil {
			return err
		}
	}
	// Last, so that a failure above leaves the list for the repetition.
	_, err = f.Store.Change(ctx, i, func(r *review.Review) (e store.Effect, changed bool, err error) {
		if r.State != review.Deleted || len(r.Media) == 0 {
			return e, false, nil
		}
		r.Media = nil
		return e, true, nil
	})
	return err
}

// rejected deletes the files of a photo or video that a moderator does not show: nobody is to find them by their
// address. Repeating finds nothing to delete.
func (f *Media) rejected(ctx context.Context, _ event.Envelope, e events.ReviewMediaRejected) error {
	i := store.ReviewID{ProductID: e.ProductID, ReviewID: e.ReviewID}
	r, err := f.Store.Get(ctx, i)
	if problem.Code(err) == "review_not_found" {
		return nil
	}
	if err != nil {
		return err
	}
	at := r.MediaByID(e.MediaID)
	if at < 0 || r.Media[at].State != review.MediaRejected {
		return nil
	}
	if err := f.Bucket.remove(ctx, append(shown(r.Media[at]), uploadKey(r.ID, e.MediaID))...); err != nil {
		return err
	}
	_, err = f.Store.Change(ctx, i, func(r *review.Review) (e2 store.Effect, changed bool, err error) {
		at := r.MediaByID(e.MediaID)
		if at < 0 || r.Media[at].State != review.MediaRejected || r.Media[at].Key == "" {
			return e2, false, nil
		}
		r.Media[at].Key, r.Media[at].Thumbnail = "", ""
		return e2, true, nil
	})
	return err
}
