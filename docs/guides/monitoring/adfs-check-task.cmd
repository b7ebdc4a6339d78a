@echo off
rem One run over the farms of adfs-check.yaml beside this file, for the task scheduler: the report goes to last.txt, an event
rem into the Application log when something is found, and the exit code to the scheduler (Last Run Result).
setlocal
set "PATH=%~dp0;%PATH%"
call adfs-check --config "%~dp0adfs-check.yaml" --quiet --deadline 540 > "%~dp0last.txt" 2>&1
set code=%errorlevel%
if %code%==0 exit /b 0
set type=error
if %code%==1 set type=warning
eventcreate /l application /so adfs-check /t %type% /id %code% /d "adfs-check ended with %code%: see %~dp0last.txt" > nul 2>&1
exit /b %code%
