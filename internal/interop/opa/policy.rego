package greet

allow if input.name == "alice"
