package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Claims is what a token stands for.
type Claims struct {
	Subject   string    `json:"subject"`
	Scopes    []string  `json:"scopes"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Expired reports whether the claims are void at now. They hold until the instant
// of expiry, which is excluded.
func (c Claims) Expired(now time.Time) bool { return !now.Before(c.ExpiresAt) }

// Digest names a token without revealing it: 64 hexadecimal digits.
type Digest string

// Key makes digests. Whoever has the store's content but not the key can
// neither use the tokens nor tell which they were.
type Key []byte

// Digest is HMAC-SHA-256 of the token under the key.
func (k Key) Digest(raw string) Digest {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(raw))
	return Digest(hex.EncodeToString(mac.Sum(nil)))
}
