package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
)

// Files keeps attachments: S3 by presigned requests.
type Files interface {
	// Upload is an address to which exactly this file can be put until it expires.
	Upload(ctx context.Context, key, contentType string, size int64, life time.Duration) (url string, err error)
	// Download is an address from which it can be read until it expires.
	Download(ctx context.Context, key string, life time.Duration) (url string, err error)
	// Remove deletes files; those that are not there are no error.
	Remove(ctx context.Context, keys ...string) error
}

// fileLife is how long an address to upload to is good.
const fileLife = 5 * time.Minute

// attachmentFolder keeps the files of a conversation together; a message may name only those in it.
func attachmentFolder(conversationID string) string { return "chat/" + conversationID + "/" }

// filePrefix begins the last part of a file's key.
const filePrefix = "file"

// ownFiles requires that each file was prepared for the conversation: its key is of the form that Upload gives. Any
// other key in the folder is nobody's file, and one that no address can be made of would keep everybody from reading
// the conversation, and the shop from erasing it. Errors: 422 at /attachments.
func ownFiles(conversationID string, files []Attachment) error {
	for i, a := range files {
		name, inside := strings.CutPrefix(a.Key, attachmentFolder(conversationID))
		if !inside || !id.Is(filePrefix, name) {
			return problem.InvalidField(fmt.Sprintf("/attachments/%d/key", i), "invalid",
				"a file that was uploaded for this conversation")
		}
	}
	return nil
}

// Upload prepares an attachment of a conversation that the caller may write into. Errors: invalid_input, as MayWrite.
func (s *Service) Upload(ctx context.Context, who Participant, conversationID, name, contentType string,
	size int64) (Attachment, string, error) {
	c, err := s.Load(ctx, who, conversationID)
	if err != nil {
		return Attachment{}, "", err
	}
	// Who may not write may not upload either.
	if err := c.MayWrite(who.Role, who.ID, s.Clock.Now()); err != nil {
		return Attachment{}, "", err
	}
	if !slices.Contains(conversation.FileTypes, contentType) {
		return Attachment{}, "", problem.InvalidField("/type", "not_allowed",
			"a JPEG, PNG, WebP or GIF image, a PDF or plain text")
	}
	if !conversation.FileAllowed(contentType, size) {
		return Attachment{}, "", problem.InvalidField("/size", "too_large", "1 byte to 10 MB")
	}
	// The key is ours; the name is only shown.
	a := Attachment{Key: attachmentFolder(c.ID) + id.New(filePrefix, s.Clock.Now()), Name: conversation.Clean(name),
		Type: contentType, Size: size}
	url, err := s.Files.Upload(ctx, a.Key, contentType, size, fileLife)
	return a, url, err
}
