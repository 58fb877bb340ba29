//! JPKI certificates, enrolment evidence and its verification; it never sees the 12-digit number.
