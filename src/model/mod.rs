//! The domain: names, users, applications, groups, policies, rules, scopes, conditions, `State`.
